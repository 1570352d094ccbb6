/** Reads the answers of rate-limiter-flexible, which throws a refusal as it throws a failure. */

import { RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimiterAbstract } from "rate-limiter-flexible";
import type { Drawn } from "./driver.ts";

/** Draws on a limiter; throws only what is no answer. */
export function drawing(
  limiter: RateLimiterAbstract,
): (key: string, points: number) => Promise<Drawn> {
  return async (key, points) => {
    try {
      return drawn(await limiter.consume(key, points), true);
    } catch (thrown) {
      if (thrown instanceof RateLimiterRes) return drawn(thrown, false);
      throw thrown;
    }
  };
}

function drawn({ remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): Drawn {
  return { allowed, remaining: remainingPoints, resetMs: msBeforeNext };
}
