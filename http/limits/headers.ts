/** Says how a caller stands in RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10, RFC 9651). */

import type { LimitName, Rate } from "./rates.ts";

/** The values of both header fields; each a list of structured strings with parameters. */
export interface Standing {
  readonly policy: string;
  readonly state: string;
}

/** One member of RateLimit-Policy. */
export function policyOf(limit: LimitName, { points, seconds }: Rate): string {
  return `"${limit}";q=${points};w=${seconds}`;
}

/** One member of RateLimit; `resetMs` in milliseconds. */
export function stateOf(limit: LimitName, remaining: number, resetMs: number): string {
  return `"${limit}";r=${remaining};t=${secondsOf(resetMs)}`;
}

/** Whole seconds, never none: who comes back after them is not refused for having come too early. */
export function secondsOf(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}

/** What a refusal tells its caller, in its body and in these headers. */
export interface RefusalFacts {
  readonly limit: LimitName;
  /** What the budget is for, where it is for one tool, resource or prompt. */
  readonly tool?: string;
  readonly resource?: string;
  readonly prompt?: string;
  readonly quota: number;
  /** Absent where the quota is of things at once. */
  readonly window_seconds?: number;
  readonly retry_after_seconds: number;
}

/** The headers of a refusal: the limit that refused, alone. */
export function refusalStanding(facts: RefusalFacts): Standing {
  const { limit, quota, window_seconds: seconds, retry_after_seconds: wait } = facts;
  return seconds === undefined
    ? { policy: `"${limit}";q=${quota};qu="concurrent-requests"`, state: `"${limit}";r=0` }
    : {
      policy: policyOf(limit, { points: quota, seconds }),
      state: stateOf(limit, 0, wait * 1000),
    };
}
