/** The limits there are, what each allows unless configured otherwise, and which of them a tool could never meet. */

import type { Tool } from "../../tools/registry.ts";

/** So many points in so many seconds. */
export interface Rate {
  readonly points: number;
  readonly seconds: number;
}

/** What a refusal names as its limit. */
export type LimitName = "address" | "client" | "tool" | "concurrent" | "streams";

export interface RateLimits {
  /** Per peer address, before authentication. */
  readonly address: Rate;
  /** Per client after authentication; a call weighs what its tool says. */
  readonly client: Rate;
  /** Per client and tool, for tools that declare no rate of their own. */
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

/** Names each tool that no client could ever call, since one call weighs more than a whole budget. */
export function unaffordable(tools: readonly Tool[], rates: RateLimits): readonly string[] {
  return tools.flatMap((tool) => {
    const faults: string[] = [];
    if (tool.rate === undefined && tool.cost > rates.tool.points) {
      faults.push(`rateLimit.tool has only ${rates.tool.points} points`);
    }
    if (tool.cost > rates.client.points) {
      faults.push(`rateLimit.client has only ${rates.client.points} points`);
    }
    return faults.map((fault) => `the tool ${tool.name} costs ${tool.cost} a call, but ${fault}`);
  });
}
