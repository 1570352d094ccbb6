/** Keys that were used, in a table, so that a restart and another instance know them too. */

import { AppError } from "../../errors.ts";
import type { ReplayStore } from "../replay.ts";
import type { SqlContext } from "./schema.ts";

const SWEEP_INTERVAL_MS = 60_000;
/** Some hundred megabytes at the very most; whoever fills it holds valid tokens and is limited by client. */
const MAX_KEYS = 1_000_000;

export function createReplayStore({ db, now }: SqlContext): ReplayStore {
  let sweptAt = -Infinity;
  let full = false;

  async function sweep(): Promise<void> {
    const time = now().getTime();
    if (time - sweptAt < SWEEP_INTERVAL_MS) return;
    sweptAt = time;
    await db.deleteFrom("replay").where("expires_at", "<=", time).execute();
    const { count } = await db.selectFrom("replay")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    full = Number(count) >= MAX_KEYS;
  }

  return {
    async claim(key, expiresAt) {
      try {
        await sweep();
        if (full) throw new Error("The replay table is full");
        const claimed = await db
          .insertInto("replay")
          .values({ key, expires_at: expiresAt })
          .onConflict((conflict) => conflict.doNothing())
          .returning("key")
          .executeTakeFirst();
        return claimed !== undefined;
      } catch (cause) {
        throw new AppError("unavailable", "A replay cannot be told now; try again later", {
          reason: "replay_store_unavailable",
          retryAfterSeconds: 5,
          cause,
        });
      }
    },
  };
}
