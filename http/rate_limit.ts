/** How often an address may ask and a client may call, in the memory of this instance. */

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { AppError } from "../errors.ts";

/** So many points in so many seconds. */
export interface Rate {
  readonly points: number;
  readonly seconds: number;
}

export interface RateLimits {
  /** Per peer address, before authentication. */
  readonly address: Rate;
  /** Per client after authentication; a call weighs what its tool says. */
  readonly client: Rate;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  address: { points: 3000, seconds: 10 },
  client: { points: 1000, seconds: 10 },
};

/** Takes points from the budget of a key. */
export type Limiter = (key: string, points?: number) => Promise<void>;

/** Builds a limiter that throws `rate_limited` with the seconds to wait. */
export function createLimiter(name: string, rate: Rate): Limiter {
  const limiter = new RateLimiterMemory({
    keyPrefix: name,
    points: rate.points,
    duration: rate.seconds,
  });
  return async (key, points = 1) => {
    try {
      await limiter.consume(key, points);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw new AppError("rate_limited", "Too many requests; wait and try again", {
        reason: `rate_limited_${name}`,
        retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)),
      });
    }
  };
}
