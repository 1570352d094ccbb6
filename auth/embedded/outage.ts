/** What callers are told while the store is away: not that something is broken, but when to come back. */

import { AppError } from "../../errors.ts";
import type { LibraryContext } from "./library.ts";

export interface Outage {
  readonly error: "temporarily_unavailable";
  readonly description: string;
  readonly retryAfterSeconds: number;
}

const RETRY_AFTER_SECONDS = 5;

/** Returns what to answer where a failure is an outage, and undefined where it is a mistake of ours. */
export function outageOf(failure: unknown): Outage | undefined {
  if (!(failure instanceof AppError) || failure.code !== "unavailable") return undefined;
  return {
    error: "temporarily_unavailable",
    description: failure.message,
    retryAfterSeconds: failure.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
  };
}

/** Restates the library's answer to a failure; a redirect back to the client and a page for a person stay. */
export function answerOutage(ctx: LibraryContext, failure: unknown): void {
  const outage = outageOf(failure);
  if (outage === undefined || ctx.status !== 500) return;
  ctx.status = 503;
  ctx.set("retry-after", String(outage.retryAfterSeconds));
  if (typeof ctx.body !== "object") return;
  ctx.body = { error: outage.error, error_description: outage.description };
}

/** A failure for the log, with the tag of its cause. */
export function describeFailure(failure: unknown): Record<string, unknown> {
  const reason = failure instanceof AppError ? { reason: failure.reason } : {};
  return { error: String(failure), ...reason };
}
