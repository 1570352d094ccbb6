/** How a tool stands in a list, and how what came of a call stands in a result and in the record. */

import { bearerChallenge } from "../auth/challenge.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { AppError } from "../errors.ts";
import type { ToolError, ToolOutcome } from "../tools/execute.ts";
import type { Effect, Tool } from "../tools/registry.ts";
import type { Exchange, Result } from "./exchange.ts";

/** Where a client that steps up by tool looks for a challenge; a convention of some hosts, beside the specification. */
const CHALLENGE_KEY = "mcp/www_authenticate";

/** When the call was done whose result is repeated, RFC 3339; for programs. */
export const REPLAYED_KEY = "gatehouse/replayed_from";

function replayNote(replayedFrom: string): string {
  return `This call was done before, at ${replayedFrom}, with the same idempotencyKey. It was not done again; the result is that of the first time.`;
}

/**
 * Makes the result of a call: the output as JSON text and as structured content, then what a model should know besides.
 *
 * An error stands in the text alone: structured content has to fit the output schema, and clients that hold an error's
 * against it lose the error (observed: the v1 SDK, the Inspector).
 */
export function toResult(outcome: ToolOutcome, exchange: Exchange, policy: ScopePolicy) {
  if (!outcome.ok) {
    const text = JSON.stringify({ error: outcome.error });
    const challenge = lateChallenge(outcome.error, exchange, policy);
    return {
      isError: true,
      content: [{ type: "text" as const, text }],
      ...(challenge ? { _meta: { [CHALLENGE_KEY]: [challenge] } } : {}),
    };
  }
  const { output, text, hint, replayedFrom } = outcome;
  return {
    content: [text, ...replayedFrom ? [replayNote(replayedFrom)] : [], ...hint ? [hint] : []]
      .map((text) => ({ type: "text" as const, text })),
    structuredContent: output,
    ...(replayedFrom ? { _meta: { [REPLAYED_KEY]: replayedFrom } } : {}),
  };
}

/** A want of scopes that shows inside a tool comes too late for a 403, so the result carries its challenge (R55). */
function lateChallenge(
  { code, message, required_scopes = [] }: ToolError,
  { resource, tool }: Exchange,
  policy: ScopePolicy,
): string | undefined {
  if (code !== "insufficient_scope" || resource === undefined) return undefined;
  return bearerChallenge({
    resourceMetadata: resource.metadataUrl,
    error: code,
    description: message,
    // All that the next try needs, as some clients ask for these scopes and no others (R46); nothing unknown (R52).
    scopes: [...new Set([...tool?.scopes ?? [], ...required_scopes])]
      .filter((scope) => policy.definitions.has(scope)),
  });
}

/** Makes the entry of a tool in `tools/list`. */
export function listing(tool: Tool) {
  return Object.freeze({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: tool.inputSchema,
    outputSchema: tool.outputSchema,
    annotations: {
      title: tool.title,
      ...ANNOTATIONS[tool.effect],
      openWorldHint: tool.egress.length > 0,
    },
    _meta: { securitySchemes: [{ type: "oauth2", scopes: tool.scopes }] },
  });
}

/** The effect says it once, so that hints cannot contradict each other. */
const ANNOTATIONS: Readonly<Record<Effect, Record<string, boolean>>> = {
  read: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  create: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
  },
  update: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
  },
  delete: {
    readOnlyHint: false,
    destructiveHint: true,
    idempotentHint: true,
  },
};

/** Codes of failures that are a decision against the caller, and of those that are nobody's wish. */
const DENIALS: ReadonlySet<string> = new Set([
  "insufficient_scope",
  "forbidden",
  "invalid_token",
  "confirmation_required",
  "confirmation_declined",
]);
/** Names of nothing that is offered, as `unknown_tool` is one. */
const UNKNOWN: ReadonlySet<string> = new Set(["unknown_resource", "unknown_prompt"]);
const FAILURES: ReadonlySet<string> = new Set(["internal", "unavailable", "timeout"]);

/** Says for the record what came of a call. */
export function resultOf(outcome: ToolOutcome): Result {
  if (outcome.ok) {
    return {
      decision: "allow",
      reason: "ok",
      isError: false,
      bytes: outcome.text.length,
      ...(outcome.replayedFrom !== undefined && { replayed: true }),
    };
  }
  return failureOf(outcome.cause);
}

/** Says for the record what came of a call or a read that failed. */
export function failureOf({ code, reason }: AppError): Result {
  if (DENIALS.has(code) || UNKNOWN.has(reason)) return { decision: "deny", reason, isError: true };
  return { decision: FAILURES.has(code) ? "fail" : "allow", reason, isError: true };
}
