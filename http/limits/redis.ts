/** Counts in Redis; loaded only where it is configured. */

import { Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { drawing } from "./drawing.ts";
import type { StoreDriver } from "./driver.ts";

const COMMAND_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2000;

/** Connects on `connect()`, and again by itself whenever the connection was lost. */
export function openRedis(url: string, prefix: string): StoreDriver {
  const redis = new Redis(url, {
    lazyConnect: true,
    // A command that cannot go out now is not worth to wait for: the caller is waiting as well.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, CONNECT_TIMEOUT_MS),
  });
  // A command that fails only says that there is no connection; why there is none comes here.
  let trouble: Error | undefined;
  redis.on("error", (error: Error) => trouble = error);
  redis.on("ready", () => trouble = undefined);
  const explained = async <T>(work: Promise<T>) => {
    try {
      return await work;
    } catch (error) {
      throw trouble ?? error;
    }
  };
  return {
    connect: () => explained(redis.connect()),
    counter(name, { points, seconds }) {
      const draw = drawing(
        new RateLimiterRedis({
          storeClient: redis,
          keyPrefix: `${prefix}:${name}`,
          points,
          duration: seconds,
        }),
      );
      return (key, cost) => explained(draw(key, cost));
    },
    close() {
      redis.disconnect();
      return Promise.resolve();
    },
  };
}
