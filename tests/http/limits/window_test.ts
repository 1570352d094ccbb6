import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertLess } from "@std/assert";
import { addressKey } from "../../../http/limits/address.ts";
import { createGate } from "../../../http/limits/gate.ts";
import { createWindowCounter } from "../../../http/limits/window.ts";

test("createWindowCounter() counts what is refused too, and begins anew after the window", () => {
  let at = 5;
  const counter = createWindowCounter({ points: 3, seconds: 10 }, { now: () => at });
  const take = (points: number) => {
    const { allowed, remaining, resetMs } = counter.take("a", points);
    return [allowed, remaining, resetMs];
  };
  assertEquals(take(2), [true, 1, 10_000]);
  at += 4000;
  assertEquals(take(2), [false, 0, 6000]);
  assertEquals(take(1), [false, 0, 6000]);
  assertEquals(counter.take("b", 3).allowed, true);
  at += 5999;
  assertEquals(take(1), [false, 0, 1]);
  at += 1;
  assertEquals(take(3), [true, 0, 10_000]);
});

test("createWindowCounter() keeps no key that has ended for long", () => {
  let at = 0;
  const counter = createWindowCounter({ points: 3, seconds: 1 }, { now: () => at });
  for (let key = 0; key < 1000; key += 1) counter.take(`a${key}`, 1);
  at = 500;
  counter.take("late", 1);
  at = 1000;
  for (let key = 0; key < 600; key += 1) counter.take(`b${key}`, 1);
  assertEquals(counter.size, 601, "those of the second round and the one that has not ended");
});

test("a million addresses do not grow memory, and none of them is without a limit (H233)", () => {
  let at = 0;
  const rate = { points: 3000, seconds: 10 };
  const counter = createWindowCounter(rate, { now: () => at });
  counter.take("192.0.2.1", 2999);
  const address = (index: number) =>
    addressKey(`2001:db8:${(index >>> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`);
  let refused = 0;
  for (let index = 0; index < 1_000_000; index += 1) {
    if (!counter.take(address(index), 1).allowed) refused += 1;
  }
  assertEquals(counter.size, 100_000);
  // 900 000 share 256 budgets of 3000.
  assert(refused > 900_000 - 256 * 3000);
  assertFalse(counter.take("198.51.100.1", 1).allowed, "a stranger more shares with the flood");
  assert(counter.take("192.0.2.1", 1).allowed, "who came before it has a budget of its own");
  assertFalse(counter.take("192.0.2.1", 1).allowed);

  at = 10_000;
  const fresh = counter.take("198.51.100.2", 1);
  assertEquals([fresh.allowed, fresh.crowded], [true, false]);
  for (let index = 0; index < 60_000; index += 1) counter.take(address(index), 1);
  assertLess(counter.size, 61_000);
});

test("createGate() has so many places for each key, and takes each back once", () => {
  const enter = createGate(2);
  const leave = enter("a")!;
  assert(enter("a"));
  assertEquals(enter("a"), undefined);
  assert(enter("b"));

  leave();
  leave();
  assert(enter("a"));
  assertEquals(enter("a"), undefined);
});
