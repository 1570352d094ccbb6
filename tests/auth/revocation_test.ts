/** The list in memory: whom it refuses, how it learns, and that it does not guess. */

import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { startRevocations } from "../../auth/revocation.ts";
import type { Bearer, RevocationList, RevocationOptions } from "../../auth/revocation.ts";
import { openStore } from "../../store/mod.ts";
import type { Store } from "../../store/mod.ts";
import { CLOCK_MARGIN_MS } from "../../store/revocation.ts";
import type { NewRevocation, RevocationTarget } from "../../store/revocation.ts";

const A = "https://a.example";
const B = "https://b.example";
const NOW = Date.parse("2026-09-01T12:00:00Z");
const SECONDS = NOW / 1000;

interface Scene {
  readonly store: Store;
  readonly clock: { time: number; age: number };
  start(changes?: Partial<RevocationOptions>): Promise<RevocationList>;
}

/** A store with clocks of the test's own; every list is closed with it. */
async function withScene(run: (scene: Scene) => Promise<void>): Promise<void> {
  const clock = { time: NOW, age: 0 };
  const now = () => new Date(clock.time);
  const store = await openStore("sqlite::memory:", { now, seed: false });
  const lists: RevocationList[] = [];
  try {
    await run({
      store,
      clock,
      async start(changes = {}) {
        const list = await startRevocations({
          store: store.revocations,
          instance: `instance-${lists.length}`,
          now,
          monotonic: () => clock.age,
          pollMs: 5,
          ...changes,
        });
        lists.push(list);
        return list;
      },
    });
  } finally {
    for (const list of lists) await list.close();
    await store.close();
  }
}

function bearer(changes: Partial<Bearer> = {}): Bearer {
  return {
    issuer: A,
    kind: "user",
    subject: "s",
    clientId: "c",
    tokenId: "t",
    issuedAt: SECONDS,
    ...changes,
  };
}

function revoking(target: RevocationTarget, more: Partial<NewRevocation> = {}): NewRevocation {
  return { target, reason: "a test", actor: "cli", ...more };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert(Date.now() < deadline, "it never came to be");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const TARGETS: readonly (readonly [RevocationTarget, string])[] = [
  [{ kind: "token", issuer: A, tokenId: "t" }, "jti_revoked"],
  [{ kind: "client", issuer: A, clientId: "c" }, "client_revoked"],
  [{ kind: "subject", issuer: A, subject: "s" }, "subject_revoked"],
  [{ kind: "issuer", issuer: A }, "issuer_revoked"],
];

for (const [target, reason] of TARGETS) {
  test(`a revoked ${target.kind} is refused, and nobody of another name or issuer (R42)`, () =>
    withScene(async ({ start }) => {
      const list = await start();
      assertEquals(list.check(bearer()), undefined);
      const until = target.kind === "issuer" ? { issuedUntil: SECONDS } : {};
      const { id } = await list.add(revoking(target, until));
      assertEquals(list.check(bearer()), reason);
      const others: Partial<Bearer>[] = [
        { issuer: B },
        { issuer: `${A}/` },
        { tokenId: "t2", clientId: "c2", subject: "s2", issuer: B },
      ];
      for (const other of others) assertEquals(list.check(bearer(other)), undefined);
      if (target.kind !== "issuer") {
        const stranger = bearer({ tokenId: "t2", clientId: "c2", subject: "s2" });
        assertEquals(list.check(stranger), undefined);
      }
      await list.remove(id);
      assertEquals(list.check(bearer()), undefined);
    }));
}

test("a client is never a subject of its name, nor a subject a client (R94)", () =>
  withScene(async ({ start }) => {
    const list = await start();
    const machine = bearer({ kind: "client", subject: "same", clientId: "same" });
    const person = bearer({ subject: "same" });
    const subject = await list.add(revoking({ kind: "subject", issuer: A, subject: "same" }));
    assertEquals([list.check(machine), list.check(person)], [undefined, "subject_revoked"]);
    await list.remove(subject.id);
    await list.add(revoking({ kind: "client", issuer: A, clientId: "same" }));
    assertEquals([list.check(machine), list.check(person)], ["client_revoked", undefined]);
  }));

test("a token without an id is not mistaken for one that was revoked", () =>
  withScene(async ({ start }) => {
    const list = await start();
    for (const tokenId of ["undefined", "null"]) {
      await list.add(revoking({ kind: "token", issuer: A, tokenId }));
    }
    assertEquals(list.check(bearer({ tokenId: undefined })), undefined);
  }));

test("up to a time, what was issued until then ends and what came later works (H224)", () =>
  withScene(async ({ start }) => {
    const list = await start();
    for (const [target, reason] of TARGETS.slice(1)) {
      const { id } = await list.add(revoking(target, { issuedUntil: SECONDS }));
      for (const issuedAt of [0, SECONDS - 1, SECONDS, SECONDS + 0.9]) {
        assertEquals(list.check(bearer({ issuedAt })), reason, String(issuedAt));
      }
      assertEquals(list.check(bearer({ issuedAt: SECONDS + 1 })), undefined);
      await list.remove(id);
    }
  }));

test("what has expired ends nothing, and its memory is given back a day later (H222)", () =>
  withScene(async ({ start, clock }) => {
    const list = await start();
    for (let n = 0; n < 50; n += 1) {
      const target = { kind: "token", issuer: A, tokenId: `t${n}` } as const;
      await list.add(revoking(target, { expiresAt: NOW + 1000 }));
    }
    await list.add(revoking({ kind: "client", issuer: A, clientId: "c" }));
    assertEquals([list.size, list.inForce, list.list().length], [51, 51, 51]);
    clock.time = NOW + 1000;
    assertEquals(list.check(bearer({ tokenId: "t1", clientId: "other" })), undefined);
    assertEquals([list.inForce, list.list().length], [1, 1]);
    clock.age = 60_000;
    await list.settle();
    clock.time = NOW;
    assertEquals(list.check(bearer({ tokenId: "t1", clientId: "other" })), "jti_revoked");
    clock.time = NOW + 1000 + CLOCK_MARGIN_MS;
    clock.age = 120_000;
    await list.settle();
    await until(() => list.size === 1);
  }));

test("another instance learns what was added and removed, and says so (H226)", () =>
  withScene(async ({ start, store }) => {
    const [here, there] = [await start(), await start()];
    const heard: unknown[] = [];
    there.onChange((reasonFor) => heard.push(reasonFor(bearer())));
    const { id } = await here.add(revoking({ kind: "client", issuer: A, clientId: "c" }));
    assertEquals(here.check(bearer()), "client_revoked");
    await until(() => there.check(bearer()) === "client_revoked");
    assertEquals(heard, ["client_revoked"]);
    const { revision } = await store.revocations.changesSince(0);
    await until(() => there.lagSeconds === 0);
    const known = async () =>
      (await store.revocations.instances(60_000)).every((at) => at.revision === revision);
    while (!await known()) await new Promise((resolve) => setTimeout(resolve, 5));
    await here.remove(id);
    await until(() => there.check(bearer()) === undefined);
    assertEquals(heard.length, 1, "a removal ends nobody");
  }));

test("a list that is too old to tell refuses to, until it is read again (H225)", () =>
  withScene(async ({ start, clock, store }) => {
    let readable = true;
    const failures: unknown[] = [];
    const list = await start({
      pollMs: 60_000,
      onUnreadable: (error) => failures.push(error),
      store: {
        ...store.revocations,
        changesSince: (revision) =>
          readable
            ? store.revocations.changesSince(revision)
            : Promise.reject(new Error("the disk is gone")),
      },
    });
    await store.revocations.add(revoking({ kind: "client", issuer: A, clientId: "c" }));
    readable = false;
    clock.age = 5_000;
    assert(list.healthy);
    assertEquals(list.check(bearer()), undefined, "known as of five seconds ago");
    clock.age = 5_001;
    await list.settle();
    await list.settle();
    assertFalse(list.healthy);
    assertEquals(list.lagSeconds, 5.001);
    const error = assertThrows(() => list.check(bearer()), AppError);
    assertEquals([error.code, error.reason, error.retryAfterSeconds], [
      "unavailable",
      "revocations_unreadable",
      5,
    ]);
    assertEquals(failures.length, 1, "said once, not at each try");
    readable = true;
    await list.settle();
    assert(list.healthy);
    assertEquals(list.check(bearer()), "client_revoked");
  }));

test("what was removed while the list could not be read does not come back", () =>
  withScene(async ({ start, clock, store }) => {
    const list = await start({ pollMs: 60_000 });
    const { id } = await list.add(revoking({ kind: "client", issuer: A, clientId: "c" }));
    await store.revocations.remove(id);
    // The store has forgotten the removal by now.
    clock.time += 3_600_000;
    await store.revocations.add(revoking({ kind: "client", issuer: A, clientId: "other" }));
    clock.age = 3_600_000;
    await list.settle();
    assertEquals(list.check(bearer()), undefined);
    assertEquals(list.check(bearer({ clientId: "other" })), "client_revoked");
  }));

test("without a readable list there is no start (H225)", async () => {
  const store = await openStore("sqlite::memory:", { now: () => new Date(NOW), seed: false });
  await store.close();
  await assertRejects(() =>
    startRevocations({ store: store.revocations, instance: "i", now: () => new Date(NOW) })
  );
});

test("a closed list stops reading and leaves", () =>
  withScene(async ({ start, store }) => {
    let reads = 0;
    const list = await start({
      store: {
        ...store.revocations,
        changesSince(revision) {
          reads += 1;
          return store.revocations.changesSince(revision);
        },
      },
    });
    await until(() => reads > 2);
    assertEquals((await store.revocations.instances(60_000)).length, 1);
    await list.close();
    const before = reads;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(reads, before);
    assertEquals(await store.revocations.instances(60_000), []);
  }));
