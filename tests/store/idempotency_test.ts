/** How many idempotency keys there can be: bounded, and not all of the room is for one caller (H222). */

import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { IdempotencyStore } from "../../store/idempotency.ts";
import { createIds } from "../../store/sql/ids.ts";
import { createIdempotencyStore } from "../../store/sql/idempotency.ts";
import type { IdempotencyBounds } from "../../store/sql/idempotency.ts";
import { migrate } from "../../store/sql/migrations.ts";
import { MEMORY, openSqlite } from "../../store/sql/sqlite.ts";
import { claim } from "./idempotency_contract.ts";

async function withBounds(
  bounds: IdempotencyBounds,
  run: (keys: IdempotencyStore, clock: { time: number }) => Promise<void>,
): Promise<void> {
  const clock = { time: claim().busyUntil };
  const now = () => new Date(clock.time);
  const db = openSqlite(MEMORY);
  try {
    await migrate(db, { now });
    await run(createIdempotencyStore({ db, now, newId: createIds(now) }, bounds), clock);
  } finally {
    await db.destroy();
  }
}

async function full(call: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(call, AppError, "nothing was done");
  assertEquals([error.code, error.reason], ["unavailable", "idempotency_full"]);
}

test("a caller who has taken its share of keys takes none of the others' (H222)", () =>
  withBounds({ maxKeysOfCaller: 3 }, async (keys, clock) => {
    for (let n = 0; n < 3; n += 1) await keys.claim(claim({ key: `key-${n}` }));
    await full(() => keys.claim(claim({ key: "key-3" })));
    assertEquals(await keys.claim(claim({ key: "key-3", caller: "caller-2" })), true);
    clock.time = claim().expiresAt;
    assertEquals(await keys.claim(claim({ key: "key-3", expiresAt: clock.time + 1 })), true);
  }));

test("when all of the room is taken nobody gets a key, until some have expired", () =>
  withBounds({ maxKeys: 2 }, async (keys, clock) => {
    for (const key of ["a", "b"]) await keys.claim(claim({ key, caller: key }));
    clock.time += 60_000;
    await full(() => keys.claim(claim({ key: "c", caller: "c" })));
    assertEquals((await keys.find("a"))?.input, "input-1");
    clock.time = claim().expiresAt;
    assertEquals(
      await keys.claim(claim({ key: "c", caller: "c", expiresAt: clock.time + 1 })),
      true,
    );
  }));
