/** The contract of the revocations as tests, run against every backend. */

import { test } from "node:test";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { OpenStoreOptions, Store } from "../../store/mod.ts";
import { CLOCK_MARGIN_MS } from "../../store/revocation.ts";
import type { NewRevocation, RevocationStore } from "../../store/revocation.ts";

const START = Date.parse("2026-03-01T12:00:00Z");
const ISSUER = "https://issuer.example";

/** One revocation of a client, but for what a test changes. */
export function revocation(changes: Partial<NewRevocation> = {}): NewRevocation {
  return {
    target: { kind: "client", issuer: ISSUER, clientId: "client-1" },
    reason: "its key leaked",
    actor: "cli",
    ...changes,
  };
}

/** Registers the contract tests; `open` gives each of them a store of its own. */
export function describeRevocations(
  name: string,
  open: (options: OpenStoreOptions) => Promise<Store>,
): void {
  function scene(
    behaviour: string,
    run: (revocations: RevocationStore, clock: { time: number }) => Promise<void>,
  ): void {
    test(`${name}: ${behaviour}`, async () => {
      const clock = { time: START };
      const store = await open({ now: () => new Date(clock.time), seed: false });
      try {
        await run(store.revocations, clock);
      } finally {
        await store.close();
      }
    });
  }

  scene("revocations of every kind come back as they were, newest first", async (revocations) => {
    const all: NewRevocation[] = [
      revocation({
        target: { kind: "token", issuer: ISSUER, tokenId: "jti ü 1" },
        expiresAt: START + 60_000,
      }),
      revocation(),
      revocation({
        target: { kind: "subject", issuer: ISSUER, subject: "client-1" },
        issuedUntil: START / 1000,
        expiresAt: START + 90_000,
      }),
      revocation({ target: { kind: "issuer", issuer: ISSUER }, issuedUntil: START / 1000 }),
    ];
    for (const wanted of all) {
      const { id, createTime, ...rest } = await revocations.add(wanted);
      assertMatch(id, /^rev_[0-9A-Z]{26}$/);
      assertEquals(createTime, new Date(START).toISOString());
      assertEquals(rest, wanted);
    }
    const list = await revocations.list();
    assertEquals(list.map(({ target }) => target), all.map(({ target }) => target).reverse());
  });

  scene("an equal or wider one stands in, and nothing changes", async (revocations) => {
    const wide = await revocations.add(revocation());
    const { revision } = await revocations.changesSince(0);
    const narrower = { issuedUntil: START / 1000, expiresAt: START + 1000 };
    assertEquals(await revocations.add(revocation({ reason: "again" })), wide);
    assertEquals(await revocations.add(revocation(narrower)), wide);
    assertEquals((await revocations.changesSince(0)).revision, revision);
    assertEquals((await revocations.list()).length, 1);
  });

  scene("a narrower one, another issuer and another kind do not stand in", async (revocations) => {
    const subject = { kind: "subject", issuer: ISSUER, subject: "client-1" } as const;
    const elsewhere = { kind: "client", issuer: `${ISSUER}/`, clientId: "client-1" } as const;
    const ids = new Set<string>();
    for (
      const wanted of [
        revocation({ issuedUntil: 100, expiresAt: START + 1000 }),
        revocation({ issuedUntil: 101, expiresAt: START + 1000 }),
        revocation(),
        revocation({ target: subject }),
        revocation({ target: elsewhere }),
      ]
    ) ids.add((await revocations.add(wanted)).id);
    assertEquals(ids.size, 5);
  });

  scene("an expired one is kept for a day, and does not stand in", async (revocations, clock) => {
    const expiresAt = START + 1000;
    const first = await revocations.add(revocation({ expiresAt }));
    // A minute passes between two sweeps.
    clock.time = expiresAt + CLOCK_MARGIN_MS - 60_000;
    const second = await revocations.add(revocation({ expiresAt: clock.time + 1000 }));
    assertEquals(await revocations.list(), [second, first]);
    assertEquals((await revocations.changesSince(0)).added.length, 2);
    assertEquals(await revocations.find(first.id), first);
    clock.time = expiresAt + CLOCK_MARGIN_MS;
    await revocations.acknowledge("a", 1);
    assertEquals(await revocations.list(), [second]);
    await refused("not_found", () => revocations.find(first.id));
    await refused("not_found", () => revocations.remove(first.id));
  });

  scene("told removals are swept, and tell nobody any more", async (revocations, clock) => {
    const { id } = await revocations.add(revocation());
    await revocations.remove(id);
    await refused("not_found", () => revocations.find(id));
    clock.time = START + 600_000;
    await revocations.add(revocation());
    const { added, removed } = await revocations.changesSince(0);
    assertEquals([added.length, removed], [1, []]);
  });

  scene("changesSince() tells each change once, removals too", async (revocations) => {
    const empty = await revocations.changesSince(0);
    assertEquals(empty, { revision: 0, added: [], removed: [] });
    const first = await revocations.add(revocation());
    const one = await revocations.changesSince(0);
    assertEquals([one.added, one.removed], [[first], []]);
    const second = await revocations.add(
      revocation({ target: { ...first.target, kind: "issuer" } }),
    );
    assertEquals(await revocations.remove(first.id), first);
    const two = await revocations.changesSince(one.revision);
    assertEquals([two.added, two.removed], [[second], [first.id]]);
    const none = await revocations.changesSince(two.revision);
    assertEquals(none, { revision: two.revision, added: [], removed: [] });
    assertEquals(await revocations.list(), [second]);
  });

  scene("remove() refuses an unknown and a removed one", async (revocations) => {
    const { id } = await revocations.add(revocation());
    await revocations.remove(id);
    await refused("not_found", () => revocations.remove(id));
    await refused("not_found", () => revocations.remove("rev_00000000000000000000000000"));
  });

  scene("every change has a revision of its own, whoever races", async (revocations) => {
    const added = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        revocations.add(revocation({
          target: { kind: "token", issuer: ISSUER, tokenId: `jti-${index}` },
        }))),
    );
    const same = await Promise.all(Array.from({ length: 4 }, () => revocations.add(revocation())));
    assertEquals(new Set(same.map(({ id }) => id)).size, 1);
    await revocations.remove(added[0]!.id);
    assertEquals((await revocations.changesSince(0)).revision, 10);
  });

  scene("instances tells who is there and how far each is", async (revocations, clock) => {
    await revocations.acknowledge("a", 1);
    clock.time += 5_000;
    await revocations.acknowledge("b", 2);
    await revocations.acknowledge("b", 3);
    assertEquals(await revocations.instances(5_000), [
      { instance: "a", revision: 1 },
      { instance: "b", revision: 3 },
    ]);
    assertEquals(await revocations.instances(4_999), [{ instance: "b", revision: 3 }]);
    await revocations.leave("b");
    await revocations.leave("nobody");
    assertEquals(await revocations.instances(4_999), []);
  });

  scene("text that no database keeps is refused", async (revocations) => {
    for (const reason of ["a\0b", "\ud800"]) {
      await refused("invalid_input", () => revocations.add(revocation({ reason })));
    }
    assertEquals(await revocations.list(), []);
  });
}

async function refused(code: string, call: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(call, AppError)).code, code);
}
