import { test } from "node:test";
import { assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import { AppError } from "../../../errors.ts";
import { catalogueHash } from "../../../http/operator/catalogue.ts";
import { createReadiness } from "../../../http/operator/readiness.ts";
import type { Check } from "../../../http/operator/readiness.ts";
import { registry } from "../../support/tools.ts";

const well: Check = () => Promise.resolve(undefined);
const options = { catalogue: "c", stopping: () => false };

test("createReadiness() is ready where every check is well, with what they have to say", async () => {
  const readiness = createReadiness({
    ...options,
    checks: { store: well, keys: () => Promise.resolve("3 s too old") },
  });
  assertEquals(await readiness(), {
    status: "ready",
    checks: { store: { ok: true }, keys: { ok: true, detail: "3 s too old" } },
    catalogue: "c",
  });
});

test("createReadiness() says what is missing in our words, and never in a stranger's", async () => {
  const readiness = createReadiness({
    ...options,
    timeoutMs: 20,
    checks: {
      store: () => Promise.reject(new Error("postgres://admin:hunter2@db")),
      keys: () => Promise.reject(new AppError("unavailable", "There are no keys")),
      audit: () => new Promise(() => {}),
      revocations: well,
    },
  });
  const { status, checks } = await readiness();
  assertEquals(status, "unready");
  assertEquals(checks, {
    store: { ok: false, detail: "Failed" },
    keys: { ok: false, detail: "There are no keys" },
    audit: { ok: false, detail: "No answer within 20 ms" },
    revocations: { ok: true },
  });
  assertFalse(JSON.stringify(checks).includes("hunter2"));
});

test("createReadiness() asks once for all who ask at the same time", async () => {
  let asked = 0;
  const store: Check = () => {
    asked += 1;
    return new Promise((resolve) => setTimeout(() => resolve(undefined), 5));
  };
  const readiness = createReadiness({ ...options, checks: { store } });
  await Promise.all(Array.from({ length: 50 }, readiness));
  assertEquals(asked, 1);
  await readiness();
  assertEquals(asked, 2);
});

test("createReadiness() is not ready while the server stops, however well it is", async () => {
  let stopping = false;
  const readiness = createReadiness({ ...options, stopping: () => stopping, checks: { well } });
  assertEquals((await readiness()).status, "ready");
  stopping = true;
  assertEquals((await readiness()).status, "stopping");
});

test("catalogueHash() changes with every promise of a tool, and with nothing else", () => {
  const hash = catalogueHash(registry);
  assertMatch(hash, /^[0-9a-f]{64}$/);
  assertEquals(catalogueHash(registry), hash);
  const [first, ...rest] = registry.tools;
  const changed = (change: Partial<typeof first>) =>
    catalogueHash({ ...registry, tools: [{ ...first!, ...change }, ...rest] });
  assertEquals(changed({ timeoutMs: 1 }), hash);
  for (
    const change of [
      { name: "other" },
      { scopes: ["env:read"] },
      { effect: "delete" },
      { description: "Another" },
      { inputSchema: { type: "object" } },
      { outputSchema: { type: "object" } },
    ] as const
  ) {
    assertNotEquals(changed(change), hash, Object.keys(change)[0]!);
  }
});
