import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createBoundedCache } from "../../auth/bounded_cache.ts";
import { createIntrospection } from "../../auth/introspection.ts";
import type { Issuer } from "../../auth/issuer.ts";
import { staticKeys } from "../../auth/jwks.ts";
import type { KeySource } from "../../auth/jwks.ts";
import { ISSUER_PROFILES } from "../../auth/profiles.ts";
import { createTokenVerifier, DEFAULT_CACHE } from "../../auth/token_verifier.ts";
import { AUDIENCE, createTestIssuer } from "../support/issuer.ts";
import type { TestIssuer } from "../support/issuer.ts";

const NOW = 1_800_000_000;
const clock = () => new Date(NOW * 1000);

/** Keys that count how often a signature was looked at, and that a test can replace. */
function countedKeys(issuer: TestIssuer) {
  const counted = {
    uses: 0,
    generation: 1,
    staleSeconds: 0,
    check: () => Promise.resolve(),
    keyFor(header: Parameters<KeySource["keyFor"]>[0]) {
      counted.uses += 1;
      return staticKeys(issuer.jwks, ["ES256"]).keyFor(header);
    },
  };
  return counted;
}

function issuerWith(keys: KeySource, issuer: string, changes: Partial<Issuer> = {}): Issuer {
  return {
    issuer,
    profile: ISSUER_PROFILES.rfc9068,
    audiences: new Set([AUDIENCE]),
    strictAudience: false,
    clockTolerance: 30,
    maxLifetime: 86_400,
    algorithms: ["ES256"],
    keys,
    dpop: { mode: "off", nonce: false },
    ...changes,
  };
}

async function reasonOf(work: () => Promise<unknown>): Promise<string> {
  const error = await assertRejects(work, AppError);
  return `${error.code} ${error.reason}`;
}

test("createTokenVerifier() looks at a signature once, and again after a minute", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const keys = countedKeys(issuer);
  const verify = createTokenVerifier({
    issuers: [issuerWith(keys, issuer.issuer)],
    cache: DEFAULT_CACHE,
  });
  const token = await issuer.token();
  const first = await verify(token, NOW);
  assertEquals((await verify(token, NOW + 59)).principal, first.principal);
  assertEquals(keys.uses, 1);
  await verify(token, NOW + 60);
  assertEquals(keys.uses, 2);
});

test("createTokenVerifier() without a cache looks at every signature", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const keys = countedKeys(issuer);
  const verify = createTokenVerifier({ issuers: [issuerWith(keys, issuer.issuer)] });
  const token = await issuer.token();
  await verify(token, NOW);
  await verify(token, NOW);
  assertEquals(keys.uses, 2);
});

test("createTokenVerifier() refuses a cached token once it has expired", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const verify = createTokenVerifier({
    issuers: [issuerWith(countedKeys(issuer), issuer.issuer, { clockTolerance: 0 })],
    cache: DEFAULT_CACHE,
  });
  const token = await issuer.token({ claims: { exp: NOW + 10 } });
  await verify(token, NOW);
  assertEquals(await reasonOf(() => verify(token, NOW + 10)), "invalid_token expired");
});

test("createTokenVerifier() forgets what it verified with other keys (H081)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const keys = countedKeys(issuer);
  const verify = createTokenVerifier({
    issuers: [issuerWith(keys, issuer.issuer)],
    cache: DEFAULT_CACHE,
  });
  const token = await issuer.token();
  await verify(token, NOW);
  keys.generation = 2;
  keys.keyFor = () => staticKeys({ keys: [] }, ["ES256"]).keyFor({ alg: "ES256" });
  assertEquals(await reasonOf(() => verify(token, NOW)), "invalid_token kid_unknown");
});

test("createTokenVerifier() does not take another spelling of a cached token (H037-H040)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const verify = createTokenVerifier({
    issuers: [issuerWith(countedKeys(issuer), issuer.issuer)],
    cache: DEFAULT_CACHE,
  });
  const token = await issuer.token();
  await verify(token, NOW);
  for (const other of [`${token}=`, `${token}A`, token.slice(0, -1), token.toUpperCase()]) {
    await reasonOf(() => verify(other, NOW));
  }
});

test("createTokenVerifier() never caches a refusal", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const keys = countedKeys(issuer);
  const verify = createTokenVerifier({
    issuers: [issuerWith(keys, issuer.issuer)],
    cache: DEFAULT_CACHE,
  });
  const token = await issuer.token({ claims: { nbf: NOW + 60 } });
  assertEquals(await reasonOf(() => verify(token, NOW)), "invalid_token not_yet_valid");
  await verify(token, NOW + 31);
});

test("createTokenVerifier() refuses issuers that cannot be told apart", async () => {
  const keys = countedKeys(await createTestIssuer());
  const a = issuerWith(keys, "https://a.example");
  assertThrows(() => createTokenVerifier({ issuers: [] }), AppError, "No issuer");
  assertThrows(() => createTokenVerifier({ issuers: [a, a] }), AppError, "twice");
  const introspect = () => Promise.reject(new Error("not asked"));
  assertThrows(
    () =>
      createTokenVerifier({
        issuers: [{ ...a, introspect }, { ...a, issuer: "https://b.example", introspect }],
      }),
    AppError,
    "introspection",
  );
});

test("createBoundedCache() keeps what is used and forgets the rest", () => {
  const cache = createBoundedCache<number>(2);
  cache.set("a", 1, 100);
  cache.set("b", 2, 100);
  assertEquals(cache.get("a", 0), 1);
  cache.set("c", 3, 100);
  assertEquals([cache.get("a", 0), cache.get("b", 0), cache.get("c", 0)], [1, undefined, 3]);
  assertEquals([cache.get("a", 100), cache.size], [undefined, 1]);
});

interface Introspector {
  readonly issuer: Issuer;
  readonly asked: { token: string | null; authorization: string | undefined }[];
  answer: { status: number; body: unknown };
  close(): Promise<void>;
}

async function introspector(): Promise<Introspector> {
  const http = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const form = new URLSearchParams(body);
      state.asked.push({
        token: form.get("token"),
        authorization: request.headers.authorization,
      });
      response.writeHead(state.answer.status, { "content-type": "application/json" });
      response.end(JSON.stringify(state.answer.body));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const rules = issuerWith(staticKeys({ keys: [] }, ["ES256"]), url);
  const state: Introspector = {
    issuer: {
      ...rules,
      introspect: createIntrospection({
        locate: () => Promise.resolve(`${url}/introspect`),
        clientId: "us",
        clientSecret: "s:e c%ret",
        cacheSeconds: 30,
      }, rules),
    },
    asked: [],
    answer: { status: 200, body: { active: false } },
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return state;
}

const ACTIVE = {
  active: true,
  aud: AUDIENCE,
  client_id: "c",
  sub: "u",
  scope: "org:read",
  exp: NOW + 300,
};

test("introspection: an active token for us is believed for half a minute", async () => {
  const server = await introspector();
  const verify = createTokenVerifier({ issuers: [server.issuer], cache: DEFAULT_CACHE });
  server.answer.body = ACTIVE;
  const { principal } = await verify("opaque-1", NOW);
  assertEquals([principal.kind, principal.subject, principal.scopes], ["user", "u", ["org:read"]]);
  await verify("opaque-1", NOW + 29);
  assertEquals(server.asked, [{
    token: "opaque-1",
    authorization: `Basic ${btoa("us:s%3Ae%20c%25ret")}`,
  }]);
  server.answer.body = { active: false };
  assertEquals(
    await reasonOf(() => verify("opaque-1", NOW + 30)),
    "invalid_token token_inactive",
  );
  assertEquals(server.asked.length, 2);
  await server.close();
});

test("introspection: what is not active, or not for us, is refused", async () => {
  const server = await introspector();
  const answers: [unknown, string][] = [
    [{ active: false }, "token_inactive"],
    [{ active: "true" }, "token_inactive"],
    [{}, "token_inactive"],
    [{ ...ACTIVE, aud: undefined }, "aud_missing"],
    [{ ...ACTIVE, aud: "https://other.example" }, "aud_mismatch"],
    [{ ...ACTIVE, iss: "https://other.example" }, "iss_mismatch"],
    [{ ...ACTIVE, exp: NOW - 60 }, "expired"],
    [{ ...ACTIVE, scope: ["org:read"] }, "scope_malformed"],
    [{ ...ACTIVE, client_id: undefined }, "client_id_malformed"],
    [{ ...ACTIVE, cnf: { "x5t#S256": "x" } }, "cnf_not_supported"],
  ];
  for (const [index, [body, reason]] of answers.entries()) {
    server.answer.body = body;
    const verify = createTokenVerifier({ issuers: [server.issuer], cache: DEFAULT_CACHE });
    assertEquals(await reasonOf(() => verify(`opaque-${index}`, NOW)), `invalid_token ${reason}`);
    const before = server.asked.length;
    await reasonOf(() => verify(`opaque-${index}`, NOW));
    assertEquals(server.asked.length, before, "a refused token is not asked about at once again");
  }
  await server.close();
});

test("introspection: an issuer that does not answer is our fault, not the token's (R23)", async () => {
  const server = await introspector();
  const verify = createTokenVerifier({ issuers: [server.issuer], cache: DEFAULT_CACHE });
  server.answer.status = 500;
  assertEquals(
    await reasonOf(() => verify("opaque", NOW)),
    "unavailable introspection_unavailable",
  );
  server.answer = { status: 200, body: ACTIVE };
  assert((await verify("opaque", NOW)).principal);
  await server.close();
});

test("introspection: strangers cannot make us ask without a bound", async () => {
  const server = await introspector();
  const verify = createTokenVerifier({ issuers: [server.issuer], cache: DEFAULT_CACHE });
  const reasons = await Promise.all(
    Array.from({ length: 40 }, (_, turn) => reasonOf(() => verify(`opaque-${turn}`, NOW))),
  );
  assertEquals(server.asked.length, 16);
  assertEquals(reasons.filter((reason) => reason === "unavailable introspection_busy").length, 24);
  await server.close();
});
