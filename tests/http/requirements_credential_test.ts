import { createHash } from "node:crypto";
import { test } from "node:test";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";
import { extractWWWAuthenticateParams } from "@modelcontextprotocol/client";
import { extractWWWAuthenticateParams as extractV1 } from "@modelcontextprotocol/sdk/client/auth.js";
import { assertEquals, assertFalse, assertMatch } from "@std/assert";
import { createProofVerifier, DPOP_ALGORITHMS } from "../../auth/dpop.ts";
import type { Issuer } from "../../auth/issuer.ts";
import { staticKeys } from "../../auth/jwks.ts";
import { protectedResource } from "../../auth/metadata.ts";
import { createAuthenticator } from "../../auth/mod.ts";
import { ISSUER_PROFILES } from "../../auth/profiles.ts";
import { fixedRevocations } from "../../auth/revocation.ts";
import { createTokenVerifier } from "../../auth/token_verifier.ts";
import { openStore } from "../../store/mod.ts";
import { AUDIENCE, createTestIssuer } from "../support/issuer.ts";
import type { TestIssuer } from "../support/issuer.ts";
import {
  createPipeline,
  legacyRequest,
  modernBody,
  modernRequest,
  ORIGIN,
} from "../support/pipeline.ts";
import type { Pipeline, PipelineOptions } from "../support/pipeline.ts";
import { startIssuer, startServer } from "../support/server.ts";
import { sendRaw } from "../support/socket.ts";

const PRM = `${ORIGIN}/.well-known/oauth-protected-resource/mcp`;

async function withPipeline(
  work: (pipeline: Pipeline) => Promise<void>,
  options: PipelineOptions = {},
): Promise<void> {
  const pipeline = await createPipeline(options);
  try {
    await work(pipeline);
  } finally {
    await pipeline.close();
  }
}

/** The pipeline with an issuer whose tokens may be bound. */
async function withDpop(
  mode: Issuer["dpop"]["mode"],
  work: (pipeline: Pipeline, issuer: TestIssuer) => Promise<void>,
): Promise<void> {
  const issuer = await createTestIssuer();
  const store = await openStore("sqlite::memory:", { now: () => new Date() });
  const resource = protectedResource({
    origin: ORIGIN,
    path: "/mcp",
    name: "gatehouse",
    authorizationServers: [issuer.issuer],
    scopes: ["org:read"],
    dpop: { algorithms: DPOP_ALGORITHMS, required: mode === "required" },
  });
  const authenticator = createAuthenticator({
    verifyToken: createTokenVerifier({
      issuers: [{
        issuer: issuer.issuer,
        profile: ISSUER_PROFILES.rfc9068,
        audiences: new Set([AUDIENCE]),
        strictAudience: false,
        clockTolerance: 30,
        maxLifetime: 86_400,
        algorithms: ["ES256"],
        keys: staticKeys(issuer.jwks, ["ES256"]),
        dpop: { mode, nonce: false },
      }],
    }),
    verifyProof: createProofVerifier({ replay: store.replay, nonceKey: new Uint8Array(32) }),
    revocations: fixedRevocations([], () => new Date()),
    now: () => new Date(),
  });
  try {
    await withPipeline((pipeline) => work(pipeline, issuer), {
      deps: {
        authenticator,
        admission: { hosts: new Map([["localhost:8000", resource]]), maxBodyBytes: 1024 },
      },
    });
  } finally {
    await store.close();
  }
}

test("credential: every method and revision needs a token, whatever session it names (R14)", () =>
  withPipeline(async ({ handler, runs }) => {
    const headers = {
      "mcp-session-id": crypto.randomUUID(),
      "cookie": "access_token=x; session=y",
      "x-access-token": "x",
      "x-forwarded-authorization": "Bearer x",
      "proxy-authorization": "Bearer x",
    };
    const requests = [
      ...["GET", "DELETE", "PUT", "HEAD", "OPTIONS"].map((method) =>
        modernRequest(undefined, { method, headers })
      ),
      modernRequest(undefined, { headers }),
      legacyRequest(undefined, "tools/list", {}, { headers }),
      legacyRequest(undefined, "initialize", {}, { headers }),
      legacyRequest(undefined, "", undefined, {
        headers,
        body: { jsonrpc: "2.0", method: "notifications/initialized" },
      }),
    ];
    for (const request of requests) {
      const response = await handler(request, "::1");
      assertEquals(response.status, 401, request.method);
      assertMatch(response.headers.get("www-authenticate")!, /^Bearer (?!.*error)/);
      await response.body?.cancel();
    }
    assertEquals(runs.size, 0);
  }));

test("credential: two Authorization headers are refused as they come over the wire (R16, H009-H011)", async () => {
  const issuer = await startIssuer("http://localhost:1/mcp");
  const server = await startServer({
    env: {
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
      GATEHOUSE_AUDIENCE: "http://localhost:1/mcp",
    },
  });
  const body = JSON.stringify(modernBody("whoami", {}));
  const send = (...credentials: string[]) =>
    sendRaw(server.port, [
      "POST /mcp HTTP/1.1",
      `host: localhost:${server.port}`,
      "content-type: application/json",
      "mcp-protocol-version: 2026-07-28",
      "mcp-method: tools/call",
      "mcp-name: whoami",
      ...credentials.map((value) => `authorization: ${value}`),
    ], body);
  try {
    const good = `Bearer ${await issuer.token()}`;
    assertEquals((await send(good)).status, 200);
    for (const credentials of [[good, "Bearer bad"], ["Bearer bad", good], [good, good]]) {
      const { status, headers, body } = await send(...credentials);
      assertEquals([status, JSON.parse(body).error], [400, "invalid_request"]);
      assertMatch(headers.get("www-authenticate")!, /^Bearer error="invalid_request", /);
    }
    assertEquals(
      server.lines.filter(({ properties }) => properties["tool"] !== undefined).length,
      1,
      "the tool ran once",
    );
  } finally {
    await server.stop();
    await issuer.stop();
  }
});

test("credential: a token in the query leaves no trace, with or without a header (R15, H019-H021)", () =>
  withPipeline(async ({ handler, issuer, records, runs }) => {
    const secret = await issuer.token();
    for (const name of ["access_token", "Access_Token", "access%5Ftoken"]) {
      for (const token of [undefined, secret]) {
        const request = modernRequest(token, { path: `/mcp?${name}=${secret}` });
        const response = await handler(request, "::1");
        const text = await response.text();
        assertEquals([response.status, JSON.parse(text).error], [400, "invalid_request"]);
        const written = text + JSON.stringify([...response.headers]) + JSON.stringify(records);
        assertFalse(written.includes(secret) || written.includes(secret.split(".")[2]!));
      }
    }
    assertEquals(runs.size, 0);
  }));

/** Requests that are refused for their credential or scopes, with the status and error of the refusal. */
async function refusedRequests(
  { token }: TestIssuer,
): Promise<[number, string | undefined, Request][]> {
  const purge = { body: modernBody("purge", {}) };
  return [
    [401, undefined, modernRequest(undefined, purge)],
    [401, undefined, modernRequest(undefined, { ...purge, headers: { authorization: "Basic x" } })],
    [400, "invalid_request", modernRequest(undefined, { headers: { authorization: "Bearer" } })],
    [400, "invalid_request", modernRequest(await token(), { path: "/mcp?access_token=x" })],
    [401, "invalid_token", modernRequest("nonsense", purge)],
    [401, "invalid_token", modernRequest(await token({ claims: { aud: "x" } }), purge)],
    [401, "invalid_token", modernRequest(await token({ claims: { iat: 1, exp: 2 } }), purge)],
    [403, "insufficient_scope", modernRequest(await token(), purge)],
  ];
}

test("challenge: each one leads to the metadata, and both SDKs read it whole (R11, R20)", () =>
  withPipeline(async ({ handler, issuer }) => {
    for (const [status, error, request] of await refusedRequests(issuer)) {
      const response = await handler(request, "::1");
      const challenge = response.headers.get("www-authenticate")!;
      const body = await response.json();
      assertEquals(response.status, status, challenge);
      assertMatch(challenge, /^Bearer ([a-z_]+="[^"\\]*"(, |$))+$/);
      assertFalse(/scope=/.test(/error_description="([^"]*)"/.exec(challenge)?.[1] ?? ""));
      assertEquals(body.resource_metadata, PRM);
      for (const extract of [extractWWWAuthenticateParams, extractV1]) {
        const read = extract(response);
        assertEquals(read.resourceMetadataUrl?.href, PRM);
        assertEquals(read.error, error);
        assertEquals(read.scope, status === 400 ? undefined : "org:write env:read");
      }
    }
  }));

test("challenge: with DPoP on, Bearer still comes first, and errors stand where they belong (R11, R19, R20)", () =>
  withDpop("optional", async ({ handler }, issuer) => {
    for (const [status, error, request] of await refusedRequests(issuer)) {
      const response = await handler(request, "::1");
      const challenge = response.headers.get("www-authenticate")!;
      await response.body?.cancel();
      assertEquals(response.status, status, challenge);
      const offered = challenge.endsWith(', DPoP algs="ES256 EdDSA Ed25519"');
      assertEquals(offered, error !== "insufficient_scope", challenge);
      for (const extract of [extractWWWAuthenticateParams, extractV1]) {
        const read = extract(response);
        assertEquals([read.resourceMetadataUrl?.href, read.error], [PRM, error], challenge);
      }
    }
  }));

test("token: all that can be wrong with one looks the same from outside (R21)", () =>
  withDpop("optional", async ({ handler, records }, issuer) => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const jwk = await exportJWK(publicKey);
    const jkt = await calculateJwkThumbprint(jwk);
    const otherKeys = await issuer.token({ claims: { cnf: { jkt: "A".repeat(43) } } });
    const proof = await new SignJWT({
      htm: "POST",
      htu: `${ORIGIN}/mcp`,
      jti: crypto.randomUUID(),
      ath: createHash("sha256").update(otherKeys).digest("base64url"),
    }).setIssuedAt().setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk }).sign(privateKey);
    const credentials = {
      "proof_of_another_key": `DPoP ${otherKeys}`,
      "not_a_jws": "nonsense",
      "token_characters": "non{sense",
      "iss_unknown": await issuer.token({ claims: { iss: "https://evil.example" } }),
      "aud_mismatch": await issuer.token({ claims: { aud: "https://evil.example" } }),
      "expired": await issuer.token({ claims: { iat: 1, exp: 2 } }),
      "not_yet_valid": await issuer.token({ claims: { nbf: 2 ** 40 } }),
      "typ_not_allowed": await issuer.token({ header: { typ: "JWT" } }),
      "kid_unknown": await issuer.token({ header: { kid: "evil" } }),
      "signature_mismatch": await issuer.token({ key: privateKey }),
      "bound_token_as_bearer": await issuer.token({ claims: { cnf: { jkt } } }),
      "cnf_not_supported": await issuer.token({ claims: { cnf: { "x5t#S256": "evil" } } }),
    };
    const seen = new Set<string>();
    for (const [reason, credential] of Object.entries(credentials)) {
      const authorization = credential.includes(" ") ? credential : `Bearer ${credential}`;
      const headers = { authorization, dpop: proof };
      const response = await handler(modernRequest(undefined, { headers }), "::1");
      const body = (await response.text()).replace(/"request_id":"[^"]+"/, "");
      // RFC 9449 section 7.1: the scheme that was tried has the error too, which tells its caller nothing new.
      const challenge = response.headers.get("www-authenticate")!
        .replace(/(DPoP )error="invalid_token", error_description="[^"]*", /, "$1");
      seen.add(`${response.status} ${challenge} ${body}`);
      assertEquals(records.at(-1)!.reason, reason);
      assertFalse(JSON.stringify(records).includes("evil"));
    }
    assertEquals(seen.size, 1, [...seen].join("\n"));
    assertMatch([...seen][0]!, /^401 Bearer error="invalid_token", error_description="The access /);
  }));

for (const mode of ["off", "optional", "required"] as const) {
  test(`token: a bound one is no bearer token where DPoP is ${mode} (R41, H077)`, () =>
    withDpop(mode, async ({ handler, records, runs }, issuer) => {
      const { publicKey } = await generateKeyPair("ES256");
      const cnf = { jkt: await calculateJwkThumbprint(await exportJWK(publicKey)) };
      const token = await issuer.token({ claims: { cnf } });
      const response = await handler(modernRequest(token), "::1");
      assertEquals([response.status, (await response.json()).error], [401, "invalid_token"]);
      assertEquals(
        records[0]!.reason,
        mode === "off" ? "cnf_not_supported" : "bound_token_as_bearer",
      );
      const plain = await handler(modernRequest(await issuer.token()), "::1");
      await plain.body?.cancel();
      assertEquals(plain.status, mode === "required" ? 401 : 200);
      assertEquals(runs.get("add") ?? 0, mode === "required" ? 0 : 1);
    }));
}

test("challenge: it asks for what the named tool needs, and for the baseline without a name (R22)", () =>
  withPipeline(async ({ handler }) => {
    const baseline = "env:read org:read wks:read";
    const asked: [string | undefined, string][] = [
      ["purge", "org:write env:read"],
      ["add", "org:read"],
      ["nope", baseline],
      ["__proto__", baseline],
      ["constructor", baseline],
      ["purge, add", baseline],
      [undefined, baseline],
    ];
    for (const [name, scope] of asked) {
      const request = modernRequest(undefined, { headers: { "mcp-name": name } });
      const response = await handler(request, "::1");
      await response.body?.cancel();
      assertEquals(extractWWWAuthenticateParams(response).scope, scope, name);
    }
  }));
