/** The contract of the idempotency keys as tests, run against every backend. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { IdempotencyClaim, IdempotencyStore } from "../../store/idempotency.ts";
import type { OpenStoreOptions, Store } from "../../store/mod.ts";

const START = Date.parse("2026-03-01T12:00:00Z");
const HOUR = 3_600_000;

/** One claim, but for what a test changes. */
export function claim(changes: Partial<IdempotencyClaim> = {}): IdempotencyClaim {
  return {
    key: "key-1",
    caller: "caller-1",
    input: "input-1",
    holder: "holder-1",
    busyUntil: START + 60_000,
    expiresAt: START + 24 * HOUR,
    ...changes,
  };
}

/** Registers the contract tests; `open` gives each of them a store of its own. */
export function describeIdempotency(
  name: string,
  open: (options: OpenStoreOptions) => Promise<Store>,
): void {
  function scene(
    behaviour: string,
    run: (keys: IdempotencyStore, clock: { time: number }) => Promise<void>,
  ): void {
    test(`${name}: ${behaviour}`, async () => {
      const clock = { time: START };
      const store = await open({ now: () => new Date(clock.time), seed: false });
      try {
        await run(store.idempotency, clock);
      } finally {
        await store.close();
      }
    });
  }

  scene("a claimed key is found without an outcome, until its holder keeps one", async (keys) => {
    assertEquals(await keys.find("key-1"), undefined);
    assertEquals(await keys.claim(claim()), true);
    const running = { input: "input-1", outcome: undefined, busyUntil: START + 60_000 };
    assertEquals(await keys.find("key-1"), running);
    await keys.keep("key-1", "holder-1", '{"ü":"\\u0000"}');
    assertEquals(await keys.find("key-1"), { ...running, outcome: '{"ü":"\\u0000"}' });
  });

  scene("a key that is taken stays with whoever has it", async (keys) => {
    await keys.claim(claim());
    assertEquals(await keys.claim(claim({ holder: "holder-2", input: "input-2" })), false);
    assertEquals(await keys.claim(claim({ key: "KEY-1", holder: "holder-2" })), true);
    await keys.keep("key-1", "holder-2", "not mine");
    await keys.release("key-1", "holder-2");
    const found = await keys.find("key-1");
    assertEquals([found?.input, found?.outcome], ["input-1", undefined]);
  });

  scene("of many that claim one key at once, one gets it", async (keys) => {
    const claims = Array.from(
      { length: 8 },
      (_, index) => keys.claim(claim({ holder: `holder-${index}` })),
    );
    assertEquals((await Promise.all(claims)).filter((taken) => taken).length, 1);
  });

  scene("the first outcome is the last word, and cannot be released", async (keys) => {
    await keys.claim(claim());
    await keys.keep("key-1", "holder-1", "first");
    await keys.keep("key-1", "holder-1", "second");
    await keys.release("key-1", "holder-1");
    assertEquals((await keys.find("key-1"))?.outcome, "first");
    assertEquals(await keys.claim(claim({ holder: "holder-2" })), false);
  });

  scene("a released key is free", async (keys) => {
    await keys.claim(claim());
    await keys.release("key-1", "holder-1");
    assertEquals(await keys.find("key-1"), undefined);
    assertEquals(await keys.claim(claim({ holder: "holder-2" })), true);
  });

  scene("a key is free when its time is over, swept or not", async (keys, clock) => {
    await keys.claim(claim({ expiresAt: START + 1000 }));
    await keys.keep("key-1", "holder-1", "old");
    clock.time = START + 999;
    assertEquals(await keys.claim(claim({ holder: "holder-2" })), false);
    clock.time = START + 1000;
    assertEquals(await keys.find("key-1"), undefined);
    const next = claim({ holder: "holder-2", input: "input-2", expiresAt: START + 9000 });
    assertEquals(await keys.claim(next), true);
    const found = await keys.find("key-1");
    assertEquals([found?.input, found?.outcome], ["input-2", undefined]);
    await keys.keep("key-1", "holder-1", "too late");
    assertEquals((await keys.find("key-1"))?.outcome, undefined);
  });

  scene("what has expired is swept", async (keys, clock) => {
    await keys.claim(claim({ expiresAt: START + 1000 }));
    clock.time = START + 60_000;
    await keys.claim(claim({ key: "key-2" }));
    // Setting the clock back makes visible what is still there.
    clock.time = START;
    assertEquals(await keys.find("key-1"), undefined);
  });
}
