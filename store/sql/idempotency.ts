/** Idempotency keys in a table, so that a restart and another instance know what was done. */

import { AppError } from "../../errors.ts";
import type { IdempotencyStore } from "../idempotency.ts";
import type { IdempotencyRow, SqlContext } from "./schema.ts";

const SWEEP_INTERVAL_MS = 60_000;
/** Of everybody, counted at each sweep, and of one caller, who must not be able to take the room of all. */
const MAX_KEYS = 200_000;
const MAX_KEYS_OF_CALLER = 10_000;

/** What the bounds are; for tests, which cannot fill the real ones. */
export interface IdempotencyBounds {
  readonly maxKeys?: number;
  readonly maxKeysOfCaller?: number;
}

export function createIdempotencyStore(
  { db, now }: SqlContext,
  { maxKeys = MAX_KEYS, maxKeysOfCaller = MAX_KEYS_OF_CALLER }: IdempotencyBounds = {},
): IdempotencyStore {
  let sweptAt = -Infinity;

  let full = false;

  async function sweep(): Promise<void> {
    const time = now().getTime();
    if (time - sweptAt < SWEEP_INTERVAL_MS) return;
    sweptAt = time;
    await db.deleteFrom("idempotency").where("expires_at", "<=", time).execute();
    full = await count() >= maxKeys;
  }

  async function count(caller?: string): Promise<number> {
    const { count } = await db.selectFrom("idempotency")
      .select(({ fn }) => fn.countAll().as("count"))
      .$if(caller !== undefined, (query) => query.where("caller", "=", caller!))
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async function requireRoom(caller: string): Promise<void> {
    await sweep();
    if (!full && await count(caller) < maxKeysOfCaller) return;
    throw new AppError(
      "unavailable",
      "Too many idempotency keys are remembered, so nothing was done; call again without idempotencyKey, " +
        "or when keys of the last 24 hours have expired",
      { reason: "idempotency_full", retryAfterSeconds: 3600 },
    );
  }

  return {
    async find(key) {
      const row = await db.selectFrom("idempotency")
        .select(["input", "outcome", "busy_until"])
        .where("key", "=", key)
        .where("expires_at", ">", now().getTime())
        .executeTakeFirst();
      if (row === undefined) return undefined;
      const { input, outcome, busy_until } = row;
      return { input, outcome: outcome ?? undefined, busyUntil: Number(busy_until) };
    },

    async claim({ key, caller, input, holder, busyUntil, expiresAt }) {
      await requireRoom(caller);
      const row: IdempotencyRow = {
        key,
        caller,
        input,
        holder,
        outcome: null,
        busy_until: busyUntil,
        expires_at: expiresAt,
      };
      const claimed = await db.insertInto("idempotency")
        .values(row)
        // One that has expired and waits for the sweep is nobody's.
        .onConflict((conflict) =>
          conflict.column("key").doUpdateSet(row)
            .where("idempotency.expires_at", "<=", now().getTime())
        )
        .returning("key")
        .executeTakeFirst();
      return claimed !== undefined;
    },

    async keep(key, holder, outcome) {
      await db.updateTable("idempotency")
        .set({ outcome })
        .where("key", "=", key)
        .where("holder", "=", holder)
        .where("outcome", "is", null)
        .execute();
    },

    async release(key, holder) {
      await db.deleteFrom("idempotency")
        .where("key", "=", key)
        .where("holder", "=", holder)
        .where("outcome", "is", null)
        .execute();
    },
  };
}
