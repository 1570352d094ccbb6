import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { discoverEndpoint } from "../../auth/discovery.ts";
import { remoteKeys, staticKeys } from "../../auth/jwks.ts";
import type { KeySourceOptions } from "../../auth/jwks.ts";
import { createTestIssuer } from "../support/issuer.ts";

interface JwksServer {
  readonly url: string;
  hits: number;
  answer: { status: number; body: string; headers?: Record<string, string> };
  close(): Promise<void>;
}

async function serveJwks(body: unknown): Promise<JwksServer> {
  const http = createServer((_request, response) => {
    state.hits += 1;
    const { status, body, headers } = state.answer;
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const state: JwksServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks`,
    hits: 0,
    answer: { status: 200, body: JSON.stringify(body) },
    close: () => close(http),
  };
  return state;
}

function close(http: Server): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve());
    http.closeAllConnections();
  });
}

/** A key source with a clock that the test turns. */
function source(server: JwksServer, options: Partial<KeySourceOptions> = {}) {
  const time = { now: 1_000_000 };
  const keys = remoteKeys({
    locate: () => Promise.resolve(server.url),
    algorithms: ["ES256"],
    now: () => time.now,
    log: () => {},
    ...options,
  });
  return { keys, time };
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  const error = await assertRejects(work, AppError);
  return `${error.code} ${error.reason}`;
}

test("keyFor() fetches once for many callers and then uses what it has", async () => {
  const issuer = await createTestIssuer();
  const server = await serveJwks(issuer.jwks);
  const { keys } = source(server);
  const header = { alg: "ES256", kid: issuer.kid };
  await Promise.all(Array.from({ length: 20 }, () => keys.keyFor(header)));
  await keys.keyFor(header);
  assertEquals(server.hits, 1);
  await server.close();
});

test("keyFor() finds a key that was added since, with one fetch, and without waiting (H082)", async () => {
  const old = await createTestIssuer();
  const added = await createTestIssuer();
  const server = await serveJwks(old.jwks);
  const { keys } = source(server);
  await keys.keyFor({ alg: "ES256", kid: old.kid });
  server.answer.body = JSON.stringify({ keys: [...old.jwks.keys, ...added.jwks.keys] });
  await keys.keyFor({ alg: "ES256", kid: added.kid });
  assertEquals(server.hits, 2);
  assertEquals(keys.generation, 2);
  await server.close();
});

test("keyFor() spends one fetch a cooldown on unknown key ids, also when it fails (H048, H050)", async () => {
  const issuer = await createTestIssuer();
  const server = await serveJwks(issuer.jwks);
  const { keys, time } = source(server);
  await keys.keyFor({ alg: "ES256", kid: issuer.kid });
  const ask = () => refusal(() => keys.keyFor({ alg: "ES256", kid: crypto.randomUUID() }));
  for (let turn = 0; turn < 50; turn += 1) assertEquals(await ask(), "invalid_token kid_unknown");
  assertEquals(server.hits, 2);
  server.answer.status = 500;
  time.now += 30_000;
  for (let turn = 0; turn < 50; turn += 1) assertEquals(await ask(), "invalid_token kid_unknown");
  assertEquals(server.hits, 3);
  await keys.keyFor({ alg: "ES256", kid: issuer.kid });
  await server.close();
});

test("keyFor() is unavailable while there never were keys, and asks again later (R23, H085)", async () => {
  const issuer = await createTestIssuer();
  const good = JSON.stringify(issuer.jwks);
  const server = await serveJwks(issuer.jwks);
  const failures = [
    { status: 500, body: "{}" },
    { status: 404, body: "{}" },
    { status: 302, body: "", headers: { location: server.url } },
    { status: 200, body: good, headers: { "content-type": "text/html" } },
    { status: 200, body: "{}" },
    { status: 200, body: "nonsense" },
    { status: 200, body: "[]" },
    { status: 200, body: `{"keys":[],"x":"${"x".repeat(300 * 1024)}"}` },
    { status: 200, body: JSON.stringify({ keys: Array(101).fill(issuer.jwks.keys[0]) }) },
  ];
  for (const answer of failures) {
    const { keys, time } = source(server);
    const header = { alg: "ES256", kid: issuer.kid };
    server.answer = answer;
    const before = server.hits;
    assertEquals(await refusal(() => keys.keyFor(header)), "unavailable keys_unavailable");
    assertEquals(await refusal(() => keys.keyFor(header)), "unavailable keys_unavailable");
    assertEquals(server.hits, before + 1, answer.body.slice(0, 40));
    server.answer = { status: 200, body: good };
    time.now += 1000;
    await keys.keyFor(header);
  }
  await server.close();
});

test("keyFor() lives on old keys while the issuer is away, but not for ever (H081, H085)", async () => {
  const issuer = await createTestIssuer();
  const server = await serveJwks(issuer.jwks);
  const { keys, time } = source(server);
  const header = { alg: "ES256", kid: issuer.kid };
  await keys.keyFor(header);
  server.answer = { status: 503, body: "{}" };
  assertEquals(keys.staleSeconds, 0);
  time.now += 3_600_000;
  await keys.keyFor(header);
  assertEquals(keys.staleSeconds, 3000);
  time.now += 86_400_000;
  assertEquals(await refusal(() => keys.keyFor(header)), "unavailable keys_unavailable");
  await server.close();
});

test("keyFor() drops a key that was withdrawn once the set is no longer fresh (H081)", async () => {
  const retired = await createTestIssuer();
  const current = await createTestIssuer();
  const server = await serveJwks(retired.jwks);
  const { keys, time } = source(server);
  await keys.keyFor({ alg: "ES256", kid: retired.kid });
  server.answer.body = JSON.stringify(current.jwks);
  time.now += 600_000;
  const refused = await refusal(() => keys.keyFor({ alg: "ES256", kid: retired.kid }));
  assertEquals(refused, "invalid_token kid_unknown");
  await server.close();
});

test("staticKeys() ignores keys that must not verify (R37, R38, H083, H084)", async () => {
  const issuer = await createTestIssuer();
  const good = issuer.jwks.keys[0]!;
  const weak = { kty: "RSA", kid: "weak", e: "AQAB", n: "w".repeat(171) };
  const bad = [
    null,
    7,
    { kty: "oct", kid: "oct", k: "AAAA" },
    { ...good, kid: "private", d: "AAAA" },
    { ...good, kid: "enc", use: "enc" },
    { ...good, kid: "ops", key_ops: ["encrypt"] },
    { ...good, kid: "other-alg", alg: "ES384" },
    weak,
    { ...weak, kid: "one", n: "w".repeat(342), e: "AQ" },
    { ...weak, kid: "even", n: `${"w".repeat(341)}A` },
    { ...weak, kid: "numbers", n: 5, e: 3 },
  ];
  const keys = staticKeys({ keys: [...bad, good] as never }, ["ES256", "RS256"]);
  await keys.keyFor({ alg: "ES256", kid: issuer.kid });
  for (const key of bad) {
    const { kid, kty } = (key ?? {}) as { kid?: string; kty?: string };
    if (kid === undefined) continue;
    const alg = kty === "RSA" ? "RS256" : "ES256";
    assertEquals(await refusal(() => keys.keyFor({ alg, kid })), "invalid_token kid_unknown", kid);
  }
  const twins = staticKeys({ keys: [good, { ...good, kid: "twin" }] }, ["ES256"]);
  assertEquals(await refusal(() => twins.keyFor({ alg: "ES256" })), "invalid_token kid_ambiguous");
});

test("discoverEndpoint() trusts a document of this issuer only", async () => {
  const documents = new Map<string, unknown>();
  const http = createServer((request, response) => {
    const document = documents.get(request.url ?? "");
    response.writeHead(document ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const issuer = `${origin}/tenant`;

  const none = await assertRejects(() => discoverEndpoint(issuer, "jwks_uri"), Error);
  assert(none.message.includes("404"));
  documents.set("/.well-known/oauth-authorization-server/tenant", {
    issuer: origin,
    jwks_uri: `${origin}/jwks`,
  });
  await assertRejects(() => discoverEndpoint(issuer, "jwks_uri"), Error, "another issuer");
  documents.set("/tenant/.well-known/openid-configuration", {
    issuer,
    jwks_uri: "http://keys.example/jwks",
  });
  await assertRejects(() => discoverEndpoint(issuer, "jwks_uri"), Error, "no https jwks_uri");
  documents.set("/tenant/.well-known/openid-configuration", { issuer, jwks_uri: `${origin}/jwks` });
  assertEquals(await discoverEndpoint(issuer, "jwks_uri"), `${origin}/jwks`);
  documents.clear();
  documents.set("/tenant/.well-known/oauth-authorization-server", {
    issuer,
    jwks_uri: `${origin}/other`,
  });
  assertEquals(await discoverEndpoint(issuer, "jwks_uri"), `${origin}/other`);
  await close(http);
});
