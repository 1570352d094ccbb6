/** Limits with room for everything but what a test makes tight. */

import { createLimits } from "../../http/limits/mod.ts";
import type { Limits, LimitsOptions } from "../../http/limits/mod.ts";
import type { RateLimits } from "../../http/limits/rates.ts";

const ROOM = { points: 10_000, seconds: 60 };

export function limitsWith(tight: Partial<RateLimits>, options: LimitsOptions = {}): Limits {
  const room = { address: ROOM, client: ROOM, tool: ROOM, concurrent: 100, streams: 100 };
  return createLimits({ ...room, ...tight }, options);
}
