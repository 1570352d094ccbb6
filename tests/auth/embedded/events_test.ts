/** What the authorization server puts into the audit trail: who got a token, who did not, who registered. */

import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { authorize, basic, refresh, withServer } from "./support.ts";

const GRANT = { grant_type: "client_credentials", scope: "env:read" };

test("a token that is issued is recorded once, by the fingerprint of its id", () =>
  withServer({}, async ({ addClient, post, records, issuer, verify }) => {
    const client = await addClient();
    const response = await post("/token", GRANT, client.basic);
    const { access_token } = await response.json();
    const { payload } = await verify(access_token);
    assertEquals(records.length, 1);
    const { event, decision, principal, scopes, details } = records[0]!;
    assertEquals([event, decision, details], ["token.issued", "allow", {
      grantType: "client_credentials",
    }]);
    assertEquals(principal, {
      issuer,
      kind: "client",
      subject: client.id,
      clientId: client.id,
      tokenId: `fingerprint of ${JSON.stringify(payload.jti)}`,
    });
    assertEquals(scopes?.granted, ["env:read"]);
    assertFalse(JSON.stringify(records).includes(access_token));
  }));

test("a token request that is refused is recorded with its cause, and without a secret", () =>
  withServer({}, async ({ addClient, post, records }) => {
    const client = await addClient();
    const attempts = [
      {
        form: GRANT,
        headers: basic(client.id, "hunter2-wrong"),
        reason: "invalid_client",
      },
      {
        form: { ...GRANT, client_id: "nobody", client_secret: "hunter2" },
        reason: "invalid_client",
      },
      {
        form: { ...GRANT, grant_type: "password" },
        headers: client.basic,
        reason: "unsupported_grant_type",
      },
      {
        form: { ...GRANT, scope: "org:write" },
        headers: client.basic,
        reason: "invalid_scope",
      },
    ];
    for (const { form, headers = {}, reason } of attempts) {
      records.length = 0;
      const response = await post("/token", form, headers);
      assert(response.status >= 400);
      await response.body?.cancel();
      assertEquals(
        records.map(({ event, decision, reason }) => [event, decision, reason]),
        [["token.refused", "deny", reason]],
      );
      assertFalse(JSON.stringify(records).includes("hunter2"));
      assertFalse(JSON.stringify(records).includes(client.secret));
    }
  }));

test("a registration is recorded, and so is one that is refused", () =>
  withServer({}, async ({ register, records }) => {
    const { client_id } = await register({ client_name: "Desk" });
    assertEquals(records.map(({ event, decision, details }) => [event, decision, details]), [
      ["client.registered", "allow", { clientId: String(client_id), name: "Desk" }],
    ]);
    await register({ redirect_uris: ["javascript:alert(1)"] });
    assertEquals(
      records.slice(1).map(({ event, decision, reason }) => [event, decision, reason]),
      [["client.registered", "deny", "invalid_redirect_uri"]],
    );
  }));

test("a grant that ends is recorded, at whose wish and by its fingerprint, and no other one is", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const clientId = String(client_id);
    const grantsEnded = () =>
      running.records.splice(0).filter(({ event }) => event === "grant.revoked");

    const { refresh_token: first } = await authorize(running, client_id);
    await (await refresh(running, client_id, first)).body?.cancel();
    assertEquals(grantsEnded(), []);
    await (await refresh(running, client_id, first)).body?.cancel();
    const [byReuse, ...none] = grantsEnded();
    assertEquals([byReuse?.decision, byReuse?.actor, none], ["allow", "authorization-server", []]);
    assertEquals([byReuse?.details?.["clientId"], byReuse?.details?.["endpoint"]], [
      clientId,
      "token",
    ]);

    const { refresh_token: token } = await authorize(running, client_id);
    await running.post("/oauth/revoke", { client_id: clientId, token: String(token) });
    const ended = grantsEnded();
    assertEquals(ended.map(({ details }) => details?.["endpoint"]), ["revocation"]);
    assert(String(ended[0]!.details?.["grant"]).startsWith("fingerprint of "));
    assertFalse(JSON.stringify([byReuse, ended]).includes(String(token)));
  }));
