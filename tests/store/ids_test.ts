/** Ids sort by time, whatever the clock does. */

import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { createIds } from "../../store/sql/ids.ts";

test("createIds() makes a prefix and 26 characters without I, L, O and U", () => {
  const newId = createIds(() => new Date());
  for (let n = 0; n < 200; n++) assertMatch(newId("org"), /^org_[0-9A-HJKMNP-TV-Z]{26}$/);
});

test("createIds() grows within a millisecond and when the clock is set back", () => {
  const times = [1_000, 1_000, 1_000, 500, 1_000, 1_001, 2 ** 48 - 1];
  let calls = 0;
  const newId = createIds(() => new Date(times[calls++]!));
  const ids = times.map(() => newId("usr"));
  assertEquals(ids, [...new Set(ids)].sort());
});

test("createIds() puts the time before the random part", () => {
  const newId = createIds(() => new Date(1_469_918_176_385), () => 0n);
  assertEquals(newId("env"), "env_01ARYZ6S410000000000000000");
  assertEquals(newId("env"), "env_01ARYZ6S410000000000000001");
});
