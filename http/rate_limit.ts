/** How often an address may ask, how often a client may call, and how much at once; in the memory of this instance. */

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
  /** Calls that one principal may have under way, from its body to the end of its answer. */
  readonly concurrent: number;
}

export const DEFAULT_RATE_LIMITS: RateLimits = {
  address: { points: 3000, seconds: 10 },
  client: { points: 1000, seconds: 10 },
  // Below this the work of one principal leaves room for others: a batch of an import holds the thread for some 10 ms.
  concurrent: 20,
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

/** The budget that an address draws on: a caller has a /64 of IPv6 at least, and could send each request from another part. */
export function addressKey(peer: string): string {
  const address = peer.replace(/^::ffff:(?=[0-9.]+$)/i, "");
  if (!address.includes(":")) return address;
  const [before = "", after] = address.split("::");
  const groups = before.split(":").filter((group) => group !== "");
  const rest = after?.split(":").filter((group) => group !== "") ?? [];
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => "0");
  return `${[...groups, ...zeros, ...rest].slice(0, 4).join(":").toLowerCase()}::/64`;
}

/** Takes a place for a key, and returns what gives it back; giving back twice does nothing. */
export type Gate = (key: string) => () => void;

/** Builds a gate with so many places for each key; it throws `rate_limited` where none is free. */
export function createGate(name: string, places: number): Gate {
  const taken = new Map<string, number>();
  return (key) => {
    const before = taken.get(key) ?? 0;
    if (before >= places) {
      throw new AppError("rate_limited", "Too many calls at once; wait until one has ended", {
        reason: `rate_limited_${name}`,
        retryAfterSeconds: 1,
      });
    }
    taken.set(key, before + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = taken.get(key)! - 1;
      if (left === 0) taken.delete(key);
      else taken.set(key, left);
    };
  };
}
