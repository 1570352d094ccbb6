/** What the library's models look like in the store: hashed, single use, and ending together. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createAdapters } from "../../../auth/embedded/adapter.ts";
import type { Adapters } from "../../../auth/embedded/adapter.ts";
import { createIssuedTokens } from "../../../auth/embedded/issued_tokens.ts";
import { openStore } from "../../../store/mod.ts";
import type { Store } from "../../../store/mod.ts";
import { startAccess } from "../../support/access.ts";

async function withAdapters(body: (adapters: Adapters, store: Store) => Promise<void>) {
  const store = await openStore("sqlite::memory:", { now: () => new Date(), seed: false });
  const { revocations } = await startAccess(store, [], () => new Date());
  try {
    const { clients, authorizationState: state } = store;
    const tokens = createIssuedTokens({
      issuer: "http://localhost:8001",
      signingKeys: [],
      state,
      revocations,
    });
    await body(createAdapters({ clients, state, tokens }), store);
  } finally {
    await revocations.close();
    await store.close();
  }
}

test("a record comes back as it was, but its id is in the store as a hash alone", () =>
  withAdapters(async ({ create }, store) => {
    const tokens = create("RefreshToken");
    await tokens.upsert("value-1", { jti: "value-1", grantId: "grant-1", scope: "env:read" }, 60);
    assertEquals(await tokens.find("value-1"), {
      jti: "value-1",
      grantId: "grant-1",
      scope: "env:read",
    });
    assertEquals(await store.authorizationState.find("RefreshToken", "value-1"), undefined);
    assertEquals(await create("AuthorizationCode").find("value-1"), undefined);
    await tokens.revokeByGrantId("grant-1");
    assertEquals(await tokens.find("value-1"), undefined);
  }));

test("the second of two uses that race is refused and ends all of the grant", () =>
  withAdapters(async ({ create }) => {
    const [codes, tokens, grants] = [
      create("AuthorizationCode"),
      create("RefreshToken"),
      create("Grant"),
    ];
    await grants.upsert("grant-1", { jti: "grant-1" }, 60);
    await grants.upsert("grant-2", { jti: "grant-2" }, 60);
    await codes.upsert("code-1", { jti: "code-1", grantId: "grant-1" }, 60);
    await tokens.upsert("token-1", { jti: "token-1", grantId: "grant-1" }, 60);
    await tokens.upsert("token-2", { jti: "token-2", grantId: "grant-2" }, 60);
    await codes.consume("code-1");
    assertEquals(typeof (await codes.find("code-1"))?.["consumed"], "number");
    const error = await assertRejects(() => codes.consume("code-1"));
    assertEquals(error.message, "invalid_grant");
    assertEquals(await grants.find("grant-1"), undefined);
    assertEquals(await codes.find("code-1"), undefined);
    assertEquals(await tokens.find("token-1"), undefined);
    assert(await tokens.find("token-2"));
    assert(await grants.find("grant-2"));
  }));

test("an operator client is not shadowed by a dynamic one, nor found under another's id", () =>
  withAdapters(async ({ create }, store) => {
    const clients = create("Client");
    await store.authorizationState.put("Client", "m2m_1", { payload: { metadata: { a: 1 } } });
    assertEquals(await clients.find("m2m_1"), undefined);
    assertEquals(await clients.find("https://app.example.com/client.json"), undefined);
    await clients.upsert("dyn_1", { client_id: "dyn_1", client_secret: "s3cret" });
    const found = await clients.find("dyn_1");
    assertEquals(found?.["client_id"], "dyn_1");
    assert(found?.["client_secret"] !== "s3cret");
  }));
