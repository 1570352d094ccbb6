import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { CompactEncrypt, exportJWK, generateKeyPair, importJWK } from "jose";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { verifyAccessToken } from "../../auth/access_token.ts";
import type { Issuer } from "../../auth/issuer.ts";
import { staticKeys } from "../../auth/jwks.ts";
import { principalKey } from "../../auth/principal.ts";
import { ISSUER_PROFILES } from "../../auth/profiles.ts";
import { createTokenVerifier } from "../../auth/token_verifier.ts";
import { loadConfig } from "../../cli/config.ts";
import { AUDIENCE, createTestIssuer } from "../support/issuer.ts";
import type { TestIssuer } from "../support/issuer.ts";

const NOW = 1_800_000_000;
const clock = () => new Date(NOW * 1000);

function issuerOf(issuer: TestIssuer, changes: Partial<Issuer> = {}): Issuer {
  return {
    issuer: issuer.issuer,
    profile: ISSUER_PROFILES.rfc9068,
    audiences: new Set([AUDIENCE]),
    strictAudience: false,
    clockTolerance: 30,
    maxLifetime: 86_400,
    algorithms: ["ES256"],
    keys: staticKeys(issuer.jwks, ["ES256"]),
    dpop: { mode: "off", nonce: false },
    ...changes,
  };
}

async function refusal(token: string, issuer: Issuer): Promise<string> {
  const error = await assertRejects(
    () => verifyAccessToken(token, new Map([[issuer.issuer, issuer]]), NOW),
    AppError,
  );
  return `${error.code} ${error.reason}`;
}

test("verifyAccessToken() takes no other kind of JWT for an access token (R26, H045, H079)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const others = [
    undefined,
    "JWT",
    "id_token+jwt",
    "dpop+jwt",
    "logout+jwt",
    "secevent+jwt",
    "oauth-id-jag+jwt",
    "token-introspection+jwt",
    "client-authentication+jwt",
    "application/jwt",
    "at+jwt ",
    "xat+jwt",
  ];
  for (const typ of others) {
    const token = await issuer.token({ header: { typ } });
    assertEquals(await refusal(token, issuerOf(issuer)), "invalid_token typ_not_allowed", typ);
  }
});

test("verifyAccessToken() takes an ID token under no profile (R26, H079)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const anyClient = { client_id: "client-1", azp: "client-1", cid: "client-1", uti: "u" };
  const idTokens = [
    { ...anyClient, scope: undefined },
    { ...anyClient, scope: undefined, nonce: "n", at_hash: "h" },
    { ...anyClient, scp: "org:read", scopes: ["org:read"], nonce: "n" },
    { ...anyClient, roles: ["org:read"], at_hash: "h" },
    { ...anyClient, c_hash: "h" },
  ];
  for (const [name, profile] of Object.entries(ISSUER_PROFILES)) {
    for (const claims of idTokens) {
      const token = await issuer.token({ claims, header: { typ: "JWT" } });
      const reason = await refusal(token, issuerOf(issuer, { profile }));
      assertEquals(reason.split(" ")[0], "invalid_token", name);
    }
  }
});

test("loadConfig() knows asymmetric algorithms only (R25)", async () => {
  const config = await loadConfig({ env: { GATEHOUSE_ISSUER: "https://a.example" } });
  const offered: readonly string[] = config.issuers[0]!.algorithms;
  assertEquals(offered, ["ES256", "EdDSA", "Ed25519", "RS256", "PS256"]);
  for (const algorithm of ["none", "HS256", "HS512", "RS1", "dir", "es256"]) {
    const error = await assertRejects(
      () =>
        loadConfig({
          env: {},
          flags: {
            "issuers.0.issuer": "https://a.example",
            "issuers.0.algorithms.0": algorithm,
          },
        }),
      AppError,
    );
    assert(error.message.includes("issuers.0.algorithms.0"), error.message);
  }
});

test("verifyAccessToken() refuses a key's algorithm that the issuer does not list (R25, H035)", async () => {
  for (const alg of ["ES384", "RS256", "EdDSA"]) {
    const issuer = await createTestIssuer({ now: clock, alg });
    const listed = staticKeys(issuer.jwks, [alg]);
    const token = await issuer.token();
    const trusted = issuerOf(issuer, { keys: listed });
    assertEquals(await refusal(token, trusted), "invalid_token alg_not_allowed");
    const renamed = await createTestIssuer({ now: clock });
    assertEquals(
      await refusal(
        await renamed.token({ header: { kid: issuer.kid } }),
        issuerOf(issuer, { keys: listed, issuer: renamed.issuer }),
      ),
      "invalid_token kid_unknown",
      "a key of another type is not used under an allowed name",
    );
  }
});

test("verifyAccessToken() refuses crit and b64 in every form (R35, H047)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const [, payload, signature] = (await issuer.token()).split(".");
  const headers = [
    { crit: [] },
    { crit: ["exp"] },
    { crit: "b64" },
    { crit: null },
    { crit: ["b64"], b64: false },
    { b64: false },
    { b64: true },
  ];
  for (const header of headers) {
    const all = { alg: "ES256", typ: "at+jwt", kid: issuer.kid, ...header };
    const token = `${btoa(JSON.stringify(all)).replaceAll("=", "")}.${payload}.${signature}`;
    assertEquals(await refusal(token, issuerOf(issuer)), "invalid_token crit_not_supported");
  }
});

test("verifyAccessToken() goes nowhere that a header points to (R36, H049, H051-H053)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const attacker = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...await exportJWK(attacker.publicKey), kid: "evil", alg: "ES256", use: "sig" };
  let hits = 0;
  const canary = createServer((_request, response) => {
    hits += 1;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: [jwk] }));
  });
  await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/jwks`;
  const headers = [
    { jku: url },
    { x5u: url },
    { jwk },
    { x5c: ["MIIB"], x5t: "x" },
    { jku: "file:///etc/passwd" },
    { jku: url, jwk, kid: "evil" },
    { kid: url },
    { kid: "../../../../dev/null" },
    { kid: "' OR 1=1--" },
    { kid: "__proto__" },
  ];
  const trusted = issuerOf(issuer);
  for (const header of headers) {
    const forged = await issuer.token({ header, key: attacker.privateKey });
    const reason = await refusal(forged, trusted);
    assert(
      / (signature_mismatch|kid_unknown)$/.test(reason),
      `${JSON.stringify(header)} ${reason}`,
    );
    if ("kid" in header) continue;
    const genuine = await issuer.token({ header });
    await verifyAccessToken(genuine, new Map([[issuer.issuer, trusted]]), NOW);
  }
  assertEquals(hits, 0);
  await new Promise((resolve) => canary.close(resolve));
});

test("verifyAccessToken() refuses an encrypted token without decrypting it (R39, H041, H042)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const ourKey = await importJWK({ ...issuer.jwks.keys[0]!, alg: "ECDH-ES" }, "ECDH-ES");
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const text = new TextEncoder().encode(await issuer.token());
  const encrypted = [
    await new CompactEncrypt(text).setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM" })
      .encrypt(ourKey),
    await new CompactEncrypt(text).setProtectedHeader({ alg: "dir", enc: "A256GCM", cty: "JWT" })
      .encrypt(secret),
    "a.b.c.d.e",
    `${btoa('{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483648}')}.a.b.c.d`,
  ];
  const trusted = issuerOf(issuer);
  for (const token of encrypted) {
    assertEquals(await refusal(token, trusted), "invalid_token not_a_jws");
    const verify = createTokenVerifier({ issuers: [trusted] });
    const error = await assertRejects(() => verify(token, NOW), AppError);
    assertEquals(error.reason, "not_a_jws");
  }
});

test("a token that is too long is neither verified nor asked about (R40, H027)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const withPadding = (length: number) => issuer.token({ claims: { padding: "x".repeat(length) } });
  const accepted = await withPadding(5000);
  assert(accepted.length < 8192);
  await verifyAccessToken(accepted, new Map([[issuer.issuer, issuerOf(issuer)]]), NOW);
  const asked: string[] = [];
  const verify = createTokenVerifier({
    issuers: [issuerOf(issuer, {
      introspect(token) {
        asked.push(token);
        return Promise.reject(new AppError("invalid_token", "No", { reason: "was_asked" }));
      },
    })],
  });
  const refused: [string, string][] = [
    [await withPadding(8192), "too_long"],
    ["x".repeat(8193), "too_long"],
    ["x".repeat(8192), "was_asked"],
  ];
  for (const [token, reason] of refused) {
    const error = await assertRejects(() => verify(token, NOW), AppError);
    assertEquals([error.code, error.reason], ["invalid_token", reason]);
  }
  assertEquals(asked.length, 1);
});

test("principalKey() never gives a client and a person one key (R94, H070)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const read = async (claims: Record<string, unknown>) => {
    const token = await issuer.token({ claims });
    const trusted = new Map([[issuer.issuer, issuerOf(issuer)]]);
    return (await verifyAccessToken(token, trusted, NOW)).principal;
  };
  const machine = await read({ sub: "m2m_1", client_id: "m2m_1" });
  const namesake = await read({ sub: "m2m_1", client_id: "app" });
  assertEquals([machine.kind, namesake.kind], ["client", "user"]);
  assertNotEquals(principalKey(machine), principalKey(namesake));
  assertNotEquals(principalKey(machine), principalKey({ ...machine, issuer: "https://b.example" }));
  const quoted = { ...namesake, issuer: 'a","user","b', subject: "c" };
  const split = { ...namesake, issuer: "a", subject: 'b","user","c' };
  assertNotEquals(principalKey(quoted), principalKey(split));
});
