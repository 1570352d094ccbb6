/** How many revocations there can be: bounded, and not all of the room is for whoever holds tokens (H222). */

import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { CLOCK_MARGIN_MS } from "../../store/revocation.ts";
import type { NewRevocation, RevocationStore } from "../../store/revocation.ts";
import { createIds } from "../../store/sql/ids.ts";
import { migrate } from "../../store/sql/migrations.ts";
import { createRevocationStore } from "../../store/sql/revocations.ts";
import { MEMORY, openSqlite } from "../../store/sql/sqlite.ts";
import { revocation } from "./revocation_contract.ts";

const ISSUER = "https://issuer.example";
const EXPIRES = 1_900_000_000_000;

async function withRoomFor(
  maxKept: number,
  run: (revocations: RevocationStore, clock: { time: number }) => Promise<void>,
): Promise<void> {
  const clock = { time: EXPIRES - 60_000 };
  const now = () => new Date(clock.time);
  const db = openSqlite(MEMORY);
  try {
    await migrate(db, { now });
    await run(createRevocationStore({ db, now, newId: createIds(now) }, { maxKept }), clock);
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

    clock.time = EXPIRES + CLOCK_MARGIN_MS - 1;
    await full(() => revocations.add(token("still no room")));
    clock.time = EXPIRES + CLOCK_MARGIN_MS;
    // The sweep is once a minute, and was at the last attempt.
    await full(() => revocations.add(token("not swept yet")));
    clock.time += 60_000;
    await revocations.add(token("later"));
    assertEquals((await revocations.list()).length, 3);
  }));

test("clients cannot take the room of the authorization server, nor both that of an operator (RFC 7009)", () =>
  withRoomFor(20, async (revocations) => {
    const fill = async (actor: string, target: (id: string) => NewRevocation) => {
      for (let n = 0;; n += 1) {
        try {
          await revocations.add({ ...target(`${actor}-${n}`), actor });
        } catch (error) {
          assertEquals(error instanceof AppError && error.reason, "revocations_full");
          return (await revocations.list()).length;
        }
      }
    };
    assertEquals(await fill("client", token), 14);
    assertEquals(await fill("authorization-server", token), 16, "a stolen refresh token can end");
    await full(() => revocations.add({ ...token("another"), actor: "client" }));
    assertEquals(await fill("operator", token), 18);
    await full(() => revocations.add({ ...client("x"), actor: "authorization-server" }));
    assertEquals(await fill("operator", client), 20);
  }));

test("a clock that jumped ahead for a while brings nothing back", () =>
  withRoomFor(20, async (revocations, clock) => {
    const { id } = await revocations.add(token("jti"));
    const start = clock.time;
    for (const jump of [CLOCK_MARGIN_MS, 3_600_000]) {
      clock.time = start + jump;
      await revocations.acknowledge("an instance that sweeps", 1);
      assertEquals((await revocations.changesSince(0)).added.map(({ id }) => id), [id]);
      assertEquals((await revocations.list()).map(({ id }) => id), [id]);
    }
    clock.time = start;
    assertEquals((await revocations.find(id)).target, token("jti").target);
  }));

test("the room of a removed one is free again", () =>
  withRoomFor(1, async (revocations) => {
    const { id } = await revocations.add(client("one"));
    await full(() => revocations.add(client("two")));
    await revocations.remove(id);
    await revocations.add(client("two"));
  }));
