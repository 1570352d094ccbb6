/** The limits there are, and what each allows unless configured otherwise. */

/** So many points in so many seconds. */
export interface Rate {
  readonly points: number;
  readonly seconds: number;
}

/** What a refusal names as its limit. */
export const LIMIT_NAMES = ["address", "client", "tool", "concurrent", "streams"] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];

export interface RateLimits {
  /** Per peer address, before authentication. */
  readonly address: Rate;
  /** Per client after authentication; a call weighs what its tool says. */
  readonly client: Rate;
  /** Per client and tool, for tools that declare no rate of their own; the same for each resource and each prompt. */
  readonly tool: Rate;
  /** Calls that one principal may have under way, from its body to the end of its answer. */
  readonly concurrent: number;
  /** Streamed answers that one client may have open. */
  readonly streams: number;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  address: { points: 3000, seconds: 10 },
  client: { points: 1000, seconds: 10 },
  // Half of the client's, so that one tool in a loop leaves its client room to do something else.
  tool: { points: 500, seconds: 10 },
  // Below this the work of one principal leaves room for others: a batch of an import holds the thread for some 10 ms.
  concurrent: 20,
  // A stream that nobody reads can hold a megabyte on Deno.
  streams: 20,
};
