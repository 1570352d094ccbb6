/** Client credentials: how clients authenticate, what they may ask for, and what a token says (R91, R92, R94, H235-H241). */

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { hashSecret } from "../../../auth/embedded/clients.ts";
import { basic, OTHER_RESOURCE, RESOURCE, withServer } from "./support.ts";
import type { Running } from "./support.ts";

const GRANT = { grant_type: "client_credentials" };
const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

test("a client gets a five-minute RFC 9068 token with client_secret_basic", () =>
  withServer({}, async ({ addClient, post, verify, issuer }) => {
    const client = await addClient({ scopes: ["env:write", "org:read"] });
    const response = await post("/token", GRANT, client.basic);
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("cache-control"), "no-store");
    const body = await response.json();
    assertEquals(
      { ...body, access_token: "" },
      { access_token: "", token_type: "Bearer", expires_in: 300, scope: "env:write org:read" },
    );
    const { payload, protectedHeader } = await verify(body.access_token);
    assertEquals(protectedHeader.alg, "ES256");
    assertEquals(payload.iss, issuer);
    assertEquals(payload.sub, client.id);
    assertEquals(payload["client_id"], client.id);
    assertEquals(payload.aud, RESOURCE);
    assertEquals(payload["scope"], "env:write org:read");
    assertEquals((payload.exp ?? 0) - (payload.iat ?? 0), 300);
    assertMatch(payload.jti ?? "", /^[\w-]{20,}$/);
  }));

test("a client gets a token with client_secret_post", () =>
  withServer({}, async ({ addClient, post, verify }) => {
    const { id, secret } = await addClient();
    const response = await post("/token", { ...GRANT, client_id: id, client_secret: secret });
    assertEquals(response.status, 200);
    assertEquals((await verify((await response.json()).access_token)).payload.sub, id);
  }));

test("a refused client learns nothing about what was wrong (H236)", () =>
  withServer({}, async ({ addClient, post }) => {
    const { id, secret } = await addClient();
    const attempts: [Record<string, string>, Record<string, string>][] = [
      [GRANT, basic("m2m_unknown", secret)],
      [GRANT, basic(id, "wrong")],
      [GRANT, basic(id, hashSecret(secret))],
      [GRANT, basic("dyn_unknown", secret)],
      [{ ...GRANT, client_id: id, client_secret: "wrong" }, {}],
      [{ ...GRANT, client_id: "nobody", client_secret: secret }, {}],
      [{ ...GRANT, client_id: id }, {}],
      [GRANT, {}],
    ];
    for (const [form, headers] of attempts) {
      const response = await post("/token", form, headers);
      assertEquals(response.status, 401);
      assertMatch(response.headers.get("www-authenticate") ?? "", /^Basic /);
      assertEquals(await response.json(), {
        error: "invalid_client",
        error_description: "client authentication failed",
      });
    }
  }));

test("a secret in two places is refused", () =>
  withServer({}, async ({ addClient, post }) => {
    const { id, secret, basic } = await addClient();
    const response = await post(
      "/token",
      { ...GRANT, client_id: id, client_secret: secret },
      basic,
    );
    assertEquals(response.status, 400);
    assertEquals((await response.json()).error, "invalid_request");
  }));

test("a removed client gets nothing from the next request on", () =>
  withServer({}, async ({ addClient, post, store }) => {
    const client = await addClient();
    assertEquals((await post("/token", GRANT, client.basic)).status, 200);
    await store.clients.remove(client.id);
    const response = await post("/token", GRANT, client.basic);
    assertEquals(response.status, 401);
    assertEquals((await response.json()).error, "invalid_client");
  }));

test("a scope beyond the registration is refused, never narrowed away (H238)", () =>
  withServer({}, async ({ addClient, post }) => {
    const client = await addClient({ scopes: ["env:write", "org:read"] });
    for (const scope of ["org:write", "env:read org:write", "unknown", "env:read unknown"]) {
      const response = await post("/token", { ...GRANT, scope }, client.basic);
      assertEquals(response.status, 400, scope);
      const body = await response.json();
      assertEquals(body.error, "invalid_scope");
      assertEquals(body.access_token, undefined);
    }
  }));

test("the part of the baseline beyond the registration is left out, and the answer tells", () =>
  withServer({}, async ({ addClient, post, verify }) => {
    const client = await addClient({ scopes: ["env:write"] });
    const scope = "env:read org:read wks:read";
    const body = await (await post("/token", { ...GRANT, scope }, client.basic)).json();
    assertEquals(body.scope, "env:read");
    assertEquals((await verify(body.access_token)).payload["scope"], "env:read");
    for (const scope of ["org:read wks:read", "env:read org:read org:write"]) {
      const response = await post("/token", { ...GRANT, scope }, client.basic);
      assertEquals((await response.json()).error, "invalid_scope", scope);
    }
  }));

test("a client steps up from one scope to more within its registration", () =>
  withServer({}, async ({ addClient, post, verify }) => {
    const client = await addClient({ scopes: ["env:write", "org:read"] });
    for (
      const [asked, granted] of [
        ["env:read", "env:read"],
        ["env:read env:write", "env:read env:write"],
        ["env:read env:write org:read", "env:read env:write org:read"],
        ["openid offline_access env:read", "env:read"],
      ]
    ) {
      const response = await post("/token", { ...GRANT, scope: asked ?? "" }, client.basic);
      const body = await response.json();
      assertEquals(body.scope, granted);
      assertEquals((await verify(body.access_token)).payload["scope"], granted);
    }
  }));

test("the resource is a known one, byte for byte, or the default (H239)", () =>
  withServer({}, async ({ addClient, post, verify }) => {
    const client = await addClient();
    const answer = await post("/token", { ...GRANT, resource: OTHER_RESOURCE }, client.basic);
    assertEquals((await verify((await answer.json()).access_token)).payload.aud, OTHER_RESOURCE);
    for (
      const resource of [
        "https://evil.example/mcp",
        `${RESOURCE}/`,
        `${RESOURCE}#x`,
        `${RESOURCE}?x`,
        RESOURCE.toUpperCase(),
        "/mcp",
        "mcp",
      ]
    ) {
      const response = await post("/token", { ...GRANT, resource }, client.basic);
      assertEquals(response.status, 400, resource);
      assertEquals((await response.json()).error, "invalid_target", resource);
    }
    const both = [["grant_type", "client_credentials"], ["resource", RESOURCE], [
      "resource",
      OTHER_RESOURCE,
    ]];
    const response = await post("/token", both, client.basic);
    assertEquals((await response.json()).error, "invalid_target");
  }));

test("the token endpoint refuses what is no token request (H235, H237)", () =>
  withServer({}, async ({ addClient, post, issuer }) => {
    const client = await addClient();
    const refusals: [Promise<Response>, number, string][] = [
      [fetch(`${issuer}/token`), 405, "invalid_request"],
      [post("/token?grant_type=client_credentials", {}, client.basic), 400, "invalid_request"],
      [
        post(
          "/token",
          [["grant_type", "client_credentials"], ["grant_type", "client_credentials"]],
          {
            ...client.basic,
          },
        ),
        400,
        "invalid_request",
      ],
      [post("/token", { grant_type: "password" }, client.basic), 400, "unsupported_grant_type"],
      [post("/token", { grant_type: "implicit" }, client.basic), 400, "unsupported_grant_type"],
      [post("/token", {}, client.basic), 400, "invalid_request"],
      [
        post("/token", { grant_type: "refresh_token", refresh_token: "x" }, client.basic),
        400,
        "unauthorized_client",
      ],
      [
        fetch(`${issuer}/token`, {
          method: "POST",
          headers: { ...client.basic, "content-type": "application/json" },
          body: JSON.stringify(GRANT),
        }),
        400,
        "invalid_request",
      ],
    ];
    for (const [answer, status, error] of refusals) {
      const response = await answer;
      const body = await response.json();
      assertEquals([response.status, body.error], [status, error]);
    }
  }));

test("a dynamic client cannot use client credentials (H241)", () =>
  withServer({}, async ({ register, post }) => {
    const { client_id } = await register();
    const response = await post("/token", { ...GRANT, client_id: String(client_id) });
    assertEquals(response.status, 400);
    assertEquals((await response.json()).error, "unauthorized_client");
  }));

/** Registers a client with a key and returns what signs its assertions. */
async function assertionClient({ addClient, issuer }: Running) {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const client = await addClient({ jwks: { keys: [{ ...await exportJWK(publicKey) }] } });
  return {
    id: client.id,
    sign(
      claims: Record<string, unknown> = {},
      header: Record<string, unknown> = {},
      key = privateKey,
    ) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({
        iss: client.id,
        sub: client.id,
        aud: issuer,
        iat: now,
        exp: now + 60,
        jti: crypto.randomUUID(),
        ...claims,
      }).setProtectedHeader({ alg: "ES256", ...header }).sign(key);
    },
  };
}

test("a client gets a token with private_key_jwt, each assertion once (R92)", () =>
  withServer({}, async (running) => {
    const { post, verify, issuer } = running;
    const client = await assertionClient(running);
    for (const aud of [issuer, `${issuer}/token`]) {
      const client_assertion = await client.sign({ aud });
      const form = { ...GRANT, client_assertion_type: ASSERTION_TYPE, client_assertion };
      const response = await post("/token", form);
      assertEquals(response.status, 200);
      assertEquals((await verify((await response.json()).access_token)).payload.sub, client.id);
      const replay = await post("/token", form);
      assertEquals(replay.status, 401);
      assertEquals((await replay.json()).error, "invalid_client");
    }
  }));

test("an unsound assertion is refused (R92, H240)", () =>
  withServer({}, async (running) => {
    const client = await assertionClient(running);
    const { privateKey: foreign } = await generateKeyPair("ES256");
    const now = Math.floor(Date.now() / 1000);
    const unsound = {
      "another audience": client.sign({ aud: "https://other.example" }),
      "expired": client.sign({ exp: now - 60 }),
      "too long": client.sign({ exp: now + 86_400 }),
      "without exp": client.sign({ exp: undefined }),
      "without jti": client.sign({ jti: undefined }),
      "from the future": client.sign({ iat: now + 300 }),
      "another issuer": client.sign({ iss: "m2m_other" }),
      "another key": client.sign({}, {}, foreign),
      "with jku": client.sign({}, { jku: "https://evil.example/jwks" }),
      "with jwk": client.sign({}, { jwk: { kty: "oct", k: "AA" } }),
      "unsigned": Promise.resolve(
        `${btoa('{"alg":"none"}')}.${
          btoa(
            JSON.stringify({
              iss: client.id,
              sub: client.id,
              aud: running.issuer,
              exp: now + 60,
              jti: "x",
            }),
          )
        }.`.replaceAll("=", ""),
      ),
    };
    for (const [name, assertion] of Object.entries(unsound)) {
      const response = await running.post("/token", {
        ...GRANT,
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: await assertion,
      });
      assertEquals(response.status, 401, name);
      assertEquals((await response.json()).error, "invalid_client", name);
    }
  }));

test("no secret lies in the store, and the log has none", () =>
  withServer({}, async ({ addClient, post, store, logs }) => {
    const { id, secret, basic } = await addClient();
    await post("/token", { ...GRANT, scope: "org:write" }, basic);
    const kept = await store.clients.find(id);
    assertEquals(kept?.secretHash, hashSecret(secret));
    assert(!JSON.stringify(await store.clients.list()).includes(secret));
    assert(logs.length > 0);
    assert(!JSON.stringify(logs).includes(secret));
  }));
