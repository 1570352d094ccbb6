/** Works through many rows in batches, for tools whose one call does the work of hundreds. */

import { setTimeout } from "node:timers/promises";
import type { ToolContext } from "./registry.ts";

const BATCH_SIZE = 25;
/** Most clients give up on a call after a minute; the answer that says where to go on must be there before. */
const STOP_AFTER_MS = 45_000;

/**
 * Hands the rows on, a batch at a time and in order, with a progress notification after each.
 *
 * Returns how many rows were handed on: all of them, or those before the caller went away or time ran short. What
 * `work` throws goes to the caller of this function.
 */
export async function inBatches<Row>(
  rows: readonly Row[],
  { signal, now, progress }: ToolContext,
  work: (batch: readonly Row[]) => Promise<void>,
): Promise<number> {
  const stopAt = now().getTime() + STOP_AFTER_MS;
  let done = 0;
  while (done < rows.length && !signal.aborted && now().getTime() < stopAt) {
    const batch = rows.slice(done, done + BATCH_SIZE);
    await work(batch);
    done += batch.length;
    await progress({
      progress: done,
      total: rows.length,
      message: `${done} of ${rows.length} rows`,
    });
    // A store in this process never waits; a timer lets the notification out and an abort in, which on Deno setImmediate
    // does not.
    await setTimeout(0);
  }
  return done;
}
