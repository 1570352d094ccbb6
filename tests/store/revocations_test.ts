/** How many revocations there can be: bounded, and not all of the room is for whoever holds tokens (H222). */

import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { RevocationStore } from "../../store/revocation.ts";
import { createIds } from "../../store/sql/ids.ts";
import { migrate } from "../../store/sql/migrations.ts";
import { createRevocationStore } from "../../store/sql/revocations.ts";
import { MEMORY, openSqlite } from "../../store/sql/sqlite.ts";
import { revocation } from "./revocation_contract.ts";

const ISSUER = "https://issuer.example";
const EXPIRES = 1_900_000_000_000;

async function withRoomFor(
  maxInForce: number,
  run: (revocations: RevocationStore, clock: { time: number }) => Promise<void>,
): Promise<void> {
  const clock = { time: EXPIRES - 60_000 };
  const now = () => new Date(clock.time);
  const db = openSqlite(MEMORY);
  try {
    await migrate(db, { now });
    await run(createRevocationStore({ db, now, newId: createIds(now) }, { maxInForce }), clock);
  } finally {
    await db.destroy();
  }
}

function token(tokenId: string) {
  return revocation({ target: { kind: "token", issuer: ISSUER, tokenId }, expiresAt: EXPIRES });
}

function client(clientId: string) {
  return revocation({ target: { kind: "client", issuer: ISSUER, clientId } });
}

async function full(call: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(call, AppError, "no room");
  assertEquals([error.code, error.reason], ["unavailable", "revocations_full"]);
}

test("a flood of tokens stops at its share, and an operator can still shut a client out (H222)", () =>
  withRoomFor(20, async (revocations, clock) => {
    for (let n = 0; n < 18; n += 1) await revocations.add(token(`jti-${n}`));
    await full(() => revocations.add(token("jti-18")));
    // One that stands needs no room.
    await revocations.add(token("jti-0"));
    await revocations.add(client("one"));
    await revocations.add(client("two"));
    await full(() => revocations.add(client("three")));
    assertEquals((await revocations.list()).length, 20);

    clock.time = EXPIRES;
    await revocations.add({ ...token("later"), expiresAt: EXPIRES + 1 });
    assertEquals((await revocations.list()).length, 3);
  }));

test("the room of a removed one is free again", () =>
  withRoomFor(1, async (revocations) => {
    const { id } = await revocations.add(client("one"));
    await full(() => revocations.add(client("two")));
    await revocations.remove(id);
    await revocations.add(client("two"));
  }));
