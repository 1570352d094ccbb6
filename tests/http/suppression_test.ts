import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { createSuppression, OTHER_PEERS } from "../../http/suppression.ts";
import type { Suppressed } from "../../http/suppression.ts";

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);

test("createSuppression() lets the first refusal of an address through and counts the rest", () => {
  const reports: Suppressed[] = [];
  let seconds = 0;
  const { refused, flush } = createSuppression({
    report: (suppressed) => reports.push(suppressed),
    now: () => at(seconds),
  });
  assert(refused("192.0.2.1"));
  seconds = 3;
  assert(refused("192.0.2.2"));
  assert(refused("2001:db8::1"));
  for (let turn = 0; turn < 5; turn += 1) {
    assertFalse(refused("192.0.2.1"));
    assertFalse(refused(`2001:db8::${turn}:5`), "an IPv6 network is one caller");
  }
  assertEquals(reports, []);
  flush();
  assertEquals(reports, [
    { peer: "192.0.2.1", count: 5, since: at(0) },
    { peer: "2001:db8:0:0::/64", count: 5, since: at(3) },
  ]);

  flush();
  assertEquals(reports.length, 2, "what was reported is not reported again");
  assert(refused("192.0.2.1"), "a new window");
  flush();
  assertEquals(reports.length, 2, "one refusal was recorded itself");
});

test("createSuppression() ends a window by itself", async () => {
  const reported = new Promise<Suppressed>((resolve) => {
    const { refused } = createSuppression({ report: resolve, now: () => at(0), windowMs: 20 });
    refused("192.0.2.1");
    refused("192.0.2.1");
    // Its timer keeps no process alive, so the test does.
    setTimeout(() => {}, 1000);
  });
  assertEquals((await reported).count, 1);
});

test("createSuppression() remembers so many addresses, and counts those beyond together", () => {
  const reports: Suppressed[] = [];
  const { refused, flush } = createSuppression({
    report: (suppressed) => reports.push(suppressed),
    now: () => at(0),
    maxPeers: 10,
  });
  let recorded = 0;
  for (let index = 0; index < 100_000; index += 1) {
    if (refused(`192.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)) recorded += 1;
  }
  assertEquals(recorded, 11);
  flush();
  assertEquals(reports, [{ peer: OTHER_PEERS, count: 100_000 - 11, since: at(0) }]);
});
