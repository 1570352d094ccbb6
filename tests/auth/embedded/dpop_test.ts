/** Tokens bound to a client's key: only where it is switched on, and never weakened on the way (RFC 9449, H244). */

import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { JWK } from "jose";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { approve, exchange, refresh, withServer } from "./support.ts";

const GRANT = { grant_type: "client_credentials" };

async function proofKey(issuer: string) {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk: JWK = await exportJWK(publicKey);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: (claims: Record<string, unknown> = {}) =>
      new SignJWT({
        htm: "POST",
        htu: `${issuer}/token`,
        jti: crypto.randomUUID(),
        iat: Math.floor(Date.now() / 1000),
        ...claims,
      }).setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk }).sign(privateKey),
  };
}

test("a token request with a proof gets a token bound to its key, each proof once", () =>
  withServer({ dpop: true }, async ({ issuer, addClient, post, verify, server }) => {
    assertEquals((await server.metadata())["dpop_signing_alg_values_supported"], [
      "ES256",
      "Ed25519",
      "EdDSA",
    ]);
    const client = await addClient();
    const key = await proofKey(issuer);
    const dpop = await key.prove();
    const body = await (await post("/token", GRANT, { ...client.basic, dpop })).json();
    assertEquals(body.token_type, "DPoP");
    assertEquals((await verify(body.access_token)).payload["cnf"], { jkt: key.thumbprint });
    const refusals = [
      dpop,
      "x",
      await key.prove({ htu: "https://other.example/token" }),
      await key.prove({ htm: "GET" }),
      await key.prove({ iat: 1 }),
    ];
    for (const proof of refusals) {
      const response = await post("/token", GRANT, { ...client.basic, dpop: proof });
      assertEquals(response.status, 400);
      assertEquals((await response.json()).access_token, undefined);
    }
    const bearer = await (await post("/token", GRANT, client.basic)).json();
    assertEquals(bearer.token_type, "Bearer");
  }));

test("a public client's refresh token stays with the key, and a client can insist on proofs", () =>
  withServer({ dpop: true }, async (running) => {
    const { client_id } = await running.register({ dpop_bound_access_tokens: true });
    const key = await proofKey(running.issuer);
    const other = await proofKey(running.issuer);
    const code = async () => (await approve(running, client_id)).searchParams.get("code") ?? "";
    assertEquals((await exchange(running, client_id, await code())).status, 400);
    const response = await exchange(running, client_id, await code(), {}, {
      dpop: await key.prove(),
    });
    const { refresh_token, token_type } = await response.json();
    assertEquals(token_type, "DPoP");
    for (const dpop of [undefined, await other.prove()]) {
      const refused = await refresh(running, client_id, refresh_token, {}, dpop ? { dpop } : {});
      assertEquals(refused.status, 400);
    }
    const headers = { dpop: await key.prove() };
    assertEquals((await refresh(running, client_id, refresh_token, {}, headers)).status, 200);
  }));

test("where it is off, a proof changes nothing", () =>
  withServer({}, async ({ issuer, addClient, post, verify, server }) => {
    assertEquals((await server.metadata())["dpop_signing_alg_values_supported"], undefined);
    const client = await addClient();
    const dpop = await (await proofKey(issuer)).prove();
    const body = await (await post("/token", GRANT, { ...client.basic, dpop })).json();
    assertEquals(body.token_type, "Bearer");
    assertEquals((await verify(body.access_token)).payload["cnf"], undefined);
  }));
