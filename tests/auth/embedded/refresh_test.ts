/** Refresh tokens: they rotate, end with their second use, and are for one client, its scopes and its resource (H219, H220, H243). */

import { test } from "node:test";
import { assertEquals, assertNotEquals } from "@std/assert";
import { authorize, refresh, withServer } from "./support.ts";

test("a refresh token works once, and its second use ends the chain (H243)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const first = await authorize(running, client_id, { scope: "env:read org:read" });
    const second = await (await refresh(running, client_id, first["refresh_token"])).json();
    assertNotEquals(second.refresh_token, first["refresh_token"]);
    assertEquals(second.scope, "env:read org:read");
    assertEquals((await running.verify(second.access_token)).payload.sub, "operator");
    const third = await (await refresh(running, client_id, second.refresh_token)).json();
    assertEquals(typeof third.refresh_token, "string");

    const reuse = await refresh(running, client_id, first["refresh_token"]);
    assertEquals([reuse.status, (await reuse.json()).error], [400, "invalid_grant"]);
    const newest = await refresh(running, client_id, third.refresh_token);
    assertEquals([newest.status, (await newest.json()).error], [400, "invalid_grant"]);
  }));

test("a refresh narrows but never widens, and is for its client and resource alone", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const { client_id: other } = await running.register();
    let { refresh_token } = await authorize(running, client_id, { scope: "env:read org:read" });
    const narrowed = await (await refresh(running, client_id, refresh_token, { scope: "env:read" }))
      .json();
    assertEquals(narrowed.scope, "env:read");
    ({ refresh_token } = narrowed);
    const refusals: [unknown, Record<string, string>, string][] = [
      [client_id, { scope: "env:read env:write" }, "invalid_scope"],
      [other, {}, "invalid_grant"],
      [client_id, { resource: "https://evil.example/mcp" }, "invalid_target"],
    ];
    for (const [client, changes, error] of refusals) {
      const response = await refresh(running, client, refresh_token, changes);
      assertEquals([response.status, (await response.json()).error], [400, error]);
    }
  }));

test("a client that did not register for refresh tokens gets none", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register({ grant_types: ["authorization_code"] });
    const body = await authorize(running, client_id);
    assertEquals(typeof body["access_token"], "string");
    assertEquals(body["refresh_token"], undefined);
  }));

test("a revoked refresh token is over, and one of another client is left alone (H219, H220)", () =>
  withServer({}, async (running) => {
    const { client_id } = await running.register();
    const { client_id: other } = await running.register();
    const { refresh_token: token } = await authorize(running, client_id);
    const revoke = (client: unknown, value: unknown) =>
      running.post("/oauth/revoke", { client_id: String(client), token: String(value) });
    assertEquals((await revoke(other, token)).status, 200);
    assertEquals((await revoke(client_id, "garbage")).status, 200);
    const { refresh_token: next } = await (await refresh(running, client_id, token)).json();
    assertEquals((await revoke(client_id, next)).status, 200);
    assertEquals((await refresh(running, client_id, next)).status, 400);
  }));
