/** What a tool's author and a model read when an upstream cannot be used: our words, never the other server's. */

import { AppError } from "../errors.ts";

/** Each with what is to be done about it; the cause stays with whoever logs it. */
const FAILURES = {
  upstream_not_declared: ["internal", "Internal error"],
  upstream_not_configured: ["not_supported", "is not configured on this server"],
  upstream_bad_request: ["internal", "Internal error"],
  upstream_path: [
    "invalid_input",
    "takes no such path; leave out dots, backslashes and other hosts",
  ],
  upstream_over: ["unavailable", "cannot be used any more, the call is over"],
  upstream_aborted: ["unavailable", "was not waited for, the call was cancelled"],
  upstream_timeout: ["timeout", "did not answer in time; try again later"],
  upstream_unreachable: ["unavailable", "does not answer now; try again later"],
  upstream_address: ["unavailable", "cannot be used; its operator has to look at the log"],
  upstream_too_large: ["unavailable", "answered with more than this server takes; ask for less"],
  upstream_broken: ["unavailable", "gave an answer that cannot be read"],
  upstream_status: ["unavailable", "could not do what it was asked for"],
  upstream_not_found: ["not_found", "knows no such thing"],
  upstream_token: ["unavailable", "cannot be used now: this server gets no access token for it"],
  upstream_exchange: [
    "forbidden",
    "cannot be used for you: its authorization server does not take your access token",
  ],
  upstream_issuer: [
    "forbidden",
    "cannot be used for you: it takes no calls for tokens of your issuer",
  ],
} as const;

export type FailureReason = keyof typeof FAILURES;

export interface FailureOptions {
  readonly retryAfterSeconds?: number;
  /** Facts for the caller, such as the status. */
  readonly details?: Record<string, unknown>;
  /** Of a bug in a tool alone: whatever else fails may have a stranger's text in it, and a handler could read that. */
  readonly cause?: Error;
}

/** Builds the error that a handler gets; it holds no part of a request, an answer or a token. */
export function upstreamFailure(
  name: string,
  reason: FailureReason,
  { retryAfterSeconds, details, cause }: FailureOptions = {},
): AppError {
  const [code, words] = FAILURES[reason];
  return new AppError(code, code === "internal" ? words : `The upstream ${name} ${words}`, {
    reason,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(details && { details }),
    ...(cause && { cause }),
  });
}
