/** The sentence after a result that tells a model what usually comes next. */

import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { Registry, Tool } from "./registry.ts";
import { sanitize } from "./sanitize.ts";

/** UTF-16 units; a hint that is longer is no hint. */
const MAX_HINT_LENGTH = 400;
/** A name such as `verb_noun`, which is how tools are called. */
const TOOL_NAME = /\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b/g;

export interface HintedCall {
  readonly tool: Tool;
  readonly input: unknown;
  readonly principal: Principal;
}

/** Builds the function that asks a tool for its hint, and leaves out what the caller could not follow. */
export function createHints(
  registry: Registry,
  policy: ScopePolicy,
  onFailure: (error: unknown, tool: Tool) => void,
): (call: HintedCall, output: Record<string, unknown>) => string | undefined {
  /** Whether a sentence names only tools that the caller may call; a word of that form that is no tool is a word. */
  function canFollow(sentence: string, { scopes }: Principal): boolean {
    return [...sentence.matchAll(TOOL_NAME)].every(([name]) => {
      const tool = registry.get(name);
      return tool === undefined || policy.missing(scopes, tool.scopes).length === 0;
    });
  }

  return ({ tool, input, principal }, output) => {
    try {
      const said = tool.next?.(output, input);
      if (said === undefined) return undefined;
      const hint = said.trim().split(/(?<=\.)\s+/)
        .filter((sentence) => canFollow(sentence, principal))
        .join(" ");
      // What has been done is done, so a bad hint costs the hint and not the result.
      if (hint.length > MAX_HINT_LENGTH) throw new Error(`A hint of ${hint.length} characters`);
      return hint === "" ? undefined : sanitize(hint.replace(/\s+/g, " ")).value;
    } catch (error) {
      onFailure(error, tool);
      return undefined;
    }
  };
}

/** What every list says while there is more to read; `rest` is what it says otherwise. */
export function nextPage(
  list: string,
  { nextPageToken }: { readonly nextPageToken?: string | undefined },
  rest?: string,
): string | undefined {
  if (nextPageToken === undefined) return rest;
  return `There is more: call ${list} again with the same arguments and nextPageToken as pageToken.`;
}
