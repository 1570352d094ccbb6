/** Opens the limits that a configuration asks for. */

import { createLimits } from "../http/limits/mod.ts";
import type { Limits } from "../http/limits/mod.ts";
import { openSharedStore } from "../http/limits/shared.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Config } from "./config_schema.ts";
import { isShared } from "./shared_keys.ts";

/** Builds the limits; undefined where they are switched off. A shared store that cannot be reached does not stop the start. */
export async function openLimits(config: Config, logger: Logger): Promise<Limits | undefined> {
  const { mode, store, prefix, ...rates } = config.rateLimit;
  if (mode === "off") return undefined;
  if (store === "memory") {
    if (isShared(config.store)) {
      logger.info("each instance counts limits for itself; rateLimit.store makes them one count");
    }
    return createLimits(rates);
  }
  const shared = await openSharedStore({
    url: store,
    prefix,
    onFailure: (where, why) =>
      logger.warning("the rate limit store does not answer; this instance counts for itself", {
        store: where,
        error: why,
      }),
  });
  return createLimits(rates, { shared });
}
