/** The contract of all that is in a store beside the workspace, as tests, run against every backend. */

import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { RegisteredClient } from "../../store/authorization.ts";
import type { OpenStoreOptions, Store } from "../../store/mod.ts";

const START = Date.parse("2026-03-01T12:00:00Z");

/** Registers the contract tests; `open` gives each of them a store of its own. */
export function describeAuthorization(
  name: string,
  open: (options: OpenStoreOptions) => Promise<Store>,
): void {
  function scene(
    behaviour: string,
    run: (store: Store, clock: { time: number }) => Promise<void>,
  ): void {
    test(`${name}: ${behaviour}`, async () => {
      const clock = { time: START };
      const store = await open({ now: () => new Date(clock.time) });
      try {
        await run(store, clock);
      } finally {
        await store.close();
      }
    });
  }

  scene("clients are found, listed oldest first and removed", async ({ clients }) => {
    const newer = client("m2m_a", "newer", { createTime: "2026-02-02T00:00:00.000Z" });
    const older = client("m2m_b", "older", {
      createTime: "2026-02-01T00:00:00.000Z",
      jwks: { keys: [{ kty: "OKP", crv: "Ed25519", x: "AAAA" }] },
    });
    await clients.add(newer);
    await clients.add(older);
    assertEquals(await clients.list(), [older, newer]);
    assertEquals(await clients.find("m2m_b"), older);
    assertEquals(await clients.find("older"), undefined);
    assertEquals(await clients.remove("m2m_a"), newer);
    assertEquals(await clients.remove("older"), older);
    assertEquals(await clients.list(), []);
    await refused("not_found", () => clients.remove("older"));
  });

  scene("clients.add() refuses a taken id or name", async ({ clients }) => {
    await clients.add(client("m2m_a", "ci"));
    await refused("conflict", () => clients.add(client("m2m_b", "ci")));
    await refused("conflict", () => clients.add(client("m2m_a", "other")));
    assertEquals((await clients.list()).length, 1);
  });

  scene("clients.remove() takes the id before a name that looks like it", async ({ clients }) => {
    await clients.add(client("m2m_a", "ci"));
    await clients.add(client("m2m_b", "m2m_a"));
    assertEquals((await clients.remove("m2m_a")).clientId, "m2m_a");
    assertEquals((await clients.list()).map(({ clientId }) => clientId), ["m2m_b"]);
  });

  scene("authorizationState finds a record by id, uid and user code", async (store) => {
    const { authorizationState: state } = store;
    const payload = { kind: "Session", nested: { "ü": [1, null, "\0"] } };
    await state.put("Session", "s1", { payload, uid: "u1", userCode: "ABCD" });
    assertEquals(await state.find("Session", "s1"), payload);
    assertEquals(await state.findByUid("Session", "u1"), payload);
    assertEquals(await state.findByUserCode("Session", "ABCD"), payload);
    assertEquals(await state.find("Grant", "s1"), undefined);
    assertEquals(await state.findByUid("Session", "s1"), undefined);
    await state.put("Session", "s1", { payload: { kind: "changed" } });
    assertEquals(await state.find("Session", "s1"), { kind: "changed" });
    assertEquals(await state.findByUid("Session", "u1"), undefined);
    assertEquals(await state.count("Session"), 1);
    await state.remove("Session", "s1");
    assertEquals(await state.find("Session", "s1"), undefined);
  });

  scene("authorizationState never returns an expired record", async (store, clock) => {
    const { authorizationState: state } = store;
    const expiresAt = START + 1_000;
    const record = { payload: {}, expiresAt, uid: "u", userCode: "c" };
    await state.put("Code", "short", record);
    await state.put("Code", "lasting", { payload: {} });
    clock.time = expiresAt - 1;
    assertEquals(await state.count("Code"), 2);
    assert(await state.find("Code", "short"));
    clock.time = expiresAt;
    assertEquals(await state.find("Code", "short"), undefined);
    assertEquals(await state.findByUid("Code", "u"), undefined);
    assertEquals(await state.findByUserCode("Code", "c"), undefined);
    assertFalse(await state.consume("Code", "short"));
    assertEquals(await state.count("Code"), 1);
  });

  scene(
    "authorizationState sweeps expired records, at most once a minute",
    async (store, clock) => {
      const { authorizationState: state } = store;
      // Setting the clock back makes visible what is still there.
      const isKept = async (id: string) => {
        const time = clock.time;
        clock.time = START;
        const record = await state.find("Code", id);
        clock.time = time;
        return record !== undefined;
      };
      await state.put("Code", "old", { payload: {}, expiresAt: START + 1 });
      await state.put("Code", "lasting", { payload: {} });
      clock.time = START + 59_999;
      await state.put("Code", "next", { payload: {} });
      assert(await isKept("old"));
      clock.time = START + 60_000;
      await state.put("Code", "last", { payload: {} });
      assertFalse(await isKept("old"));
      assert(await isKept("lasting"));
    },
  );

  scene("authorizationState.consume() is won once", async ({ authorizationState: state }) => {
    await state.put("Code", "c1", { payload: { a: 1 }, expiresAt: START + 60_000 });
    const wins = await Promise.all(Array.from({ length: 8 }, () => state.consume("Code", "c1")));
    assertEquals(wins.filter(Boolean).length, 1);
    assertEquals(await state.find("Code", "c1"), { a: 1, consumed: START / 1_000 });
    assertFalse(await state.consume("Code", "unknown"));
    assertFalse(await state.consume("Token", "c1"));
    await state.put("Code", "c1", { payload: { a: 2 }, expiresAt: START + 60_000 });
    assertFalse(await state.consume("Code", "c1"));
  });

  scene("text that no database can hold is found nowhere", async (store) => {
    const { authorizationState: state, clients } = store;
    for (const text of ["\0", "m2m_\0", "half \ud83d pair"]) {
      assertEquals(await clients.find(text), undefined);
      await refused("not_found", () => clients.remove(text));
      assertEquals(await state.find("Code", text), undefined);
      assertEquals(await state.findByUid("Code", text), undefined);
      assertEquals(await state.findByUserCode("Code", text), undefined);
      assertFalse(await state.consume("Code", text));
    }
  });

  scene("secrets.keep() keeps the first value of a name", async ({ secrets }) => {
    assertEquals(await secrets.find("keys"), undefined);
    const kept = await Promise.all(["a", "b", "c"].map((value) => secrets.keep("keys", value)));
    assertEquals(new Set(kept).size, 1);
    assertEquals(await secrets.find("keys"), kept[0]);
    assertEquals(await secrets.keep("keys", "late"), kept[0]);
    assertEquals(await secrets.keep("other", "own"), "own");
  });

  scene("replay.claim() is won once, until the key is forgotten", async ({ replay }, clock) => {
    const expiresAt = START + 1_000;
    const claims = await Promise.all(
      Array.from({ length: 8 }, () => replay.claim("proof", expiresAt)),
    );
    assertEquals(claims.filter(Boolean).length, 1);
    assert(await replay.claim("another", expiresAt));
    clock.time = START + 60_000;
    assert(await replay.claim("proof", clock.time + 1_000));
  });

  scene(
    "authorizationState finds and removes one model's records of a grant",
    async (store) => {
      const { authorizationState: state } = store;
      for (
        const [model, id, grantId] of [["Code", "1", "g"], ["Code", "2", "h"], [
          "Token",
          "3",
          "g",
        ]] as const
      ) {
        await state.put(model, id, { payload: { id }, grantId });
      }
      await state.put("Code", "4", { payload: {} });
      await state.put("Code", "5", { payload: {}, grantId: "g", expiresAt: START });
      assertEquals(await state.findByGrant("Code", "g"), [{ id: "1" }]);
      assertEquals(await state.findByGrant("Code", "nothing"), []);
      await state.removeByGrant("Code", "g");
      assertEquals(await state.find("Code", "1"), undefined);
      assertEquals(await state.count("Code"), 2);
      assertEquals(await state.count("Token"), 1);
    },
  );
}

function client(
  clientId: string,
  name: string,
  more: Partial<RegisteredClient> = {},
): RegisteredClient {
  return {
    clientId,
    name,
    scopes: ["org:read", "env:read"],
    secretHash: "00".repeat(32),
    createTime: "2026-01-01T00:00:00.000Z",
    ...more,
  };
}

async function refused(code: string, call: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(call, AppError)).code, code);
}
