/** The one way a resource, a prompt or a completion is worked on: scopes once more, then within a deadline. */

import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { Workspace } from "../store/workspace.ts";
import { withDeadline } from "../tools/deadline.ts";
import { insufficientScope } from "../tools/execute.ts";
import type { ReadContext } from "./registry.ts";

/** Who asks, and until when it matters. */
export interface Caller {
  readonly principal: Principal;
  /** Where its reason is an AppError the work ends with that at once. */
  readonly signal: AbortSignal;
}

export interface GuardOptions {
  readonly policy: ScopePolicy;
  readonly workspace: Workspace;
}

/** What is asked for, with everything that it needs. */
export interface Guarded {
  readonly kind: "resource" | "prompt";
  readonly name: string;
  readonly scopes: readonly string[];
}

const TIMEOUT_MS = 30_000;

/**
 * Does the work for a caller who may have it done.
 *
 * @throws {AppError} `insufficient_scope`, `timeout`, the reason of the caller's signal, and what the work throws.
 */
export async function guarded<Result>(
  subject: Guarded,
  { principal, signal }: Caller,
  { policy, workspace }: GuardOptions,
  work: (context: ReadContext) => Promise<Result>,
): Promise<Result> {
  const missing = policy.missing(principal.scopes, subject.scopes);
  if (missing.length > 0) throw insufficientScope(subject, missing, subject.kind);
  const deadline = withDeadline(signal, TIMEOUT_MS, subject.kind);
  try {
    const context = Object.freeze({ principal, workspace, signal: deadline.signal });
    return await Promise.race([work(context), deadline.expired]);
  } finally {
    deadline.clear();
  }
}
