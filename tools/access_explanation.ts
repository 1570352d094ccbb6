/** Says what a call of a tool is held against, for a caller with certain scopes. */

import type { ScopePolicy } from "../auth/scopes.ts";
import type { Tool, ToolRate } from "./registry.ts";

/** The limits that a server puts on its callers, where they are on. */
export interface CallLimits {
  /** For all calls of a client. */
  readonly client: ToolRate;
  /** For a client's calls of one tool, where the tool has no rate of its own. */
  readonly tool: ToolRate;
  /** Calls that one caller may have under way. */
  readonly concurrent: number;
}

/** Everything that decides whether a call goes through, but for its arguments. */
export interface AccessExplanation {
  readonly tool: Pick<Tool, "name" | "title" | "effect" | "scopes" | "cost" | "timeoutMs">;
  readonly asksForConfirmation: boolean;
  /** The granted scopes with all that they imply. */
  readonly effective: readonly string[];
  readonly missing: readonly string[];
  /** Granted scopes that mean nothing to this server. */
  readonly unknown: readonly string[];
  /** Absent where limits are switched off. */
  readonly limits: CallLimits | undefined;
}

/** Holds the scopes against the tool with the very policy that decides about calls. */
export function explainAccess(
  tool: Tool,
  granted: readonly string[],
  policy: ScopePolicy,
  limits: CallLimits | undefined,
): AccessExplanation {
  return {
    tool,
    asksForConfirmation: tool.confirm !== undefined,
    effective: policy.expand(granted),
    missing: policy.missing(granted, tool.scopes),
    unknown: granted.filter((scope) => !policy.definitions.has(scope)),
    limits: limits && { ...limits, tool: tool.rate ?? limits.tool },
  };
}
