import { test } from "node:test";
import { generateKeyPair } from "jose";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { verifyAccessToken } from "../../auth/access_token.ts";
import type { Issuer } from "../../auth/issuer.ts";
import { staticKeys } from "../../auth/jwks.ts";
import { ISSUER_PROFILES } from "../../auth/profiles.ts";
import { AUDIENCE, createTestIssuer } from "../support/issuer.ts";
import type { TestIssuer } from "../support/issuer.ts";

const NOW = 1_800_000_000;
const clock = () => new Date(NOW * 1000);

function trust(issuer: TestIssuer, changes: Partial<Issuer> = {}): Map<string, Issuer> {
  return new Map([[issuer.issuer, {
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
  }]]);
}

async function reasonOf(token: string, issuers: Map<string, Issuer>): Promise<string> {
  const error = await assertRejects(() => verifyAccessToken(token, issuers, NOW), AppError);
  assertEquals(error.code, "invalid_token");
  assertEquals(error.message, "The access token is invalid or expired");
  return error.reason;
}

test("verifyAccessToken() reads the principal of a valid token", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const token = await issuer.token({ claims: { jti: "t-1" } });
  const verified = await verifyAccessToken(token, trust(issuer), NOW);
  assertEquals(verified.boundTo, undefined);
  assertEquals(verified.principal, {
    issuer: issuer.issuer,
    kind: "user",
    subject: "user-1",
    clientId: "client-1",
    scopes: ["env:read", "org:read"],
    tokenId: "t-1",
    issuedAt: NOW,
    expiresAt: NOW + 300,
  });
});

test("verifyAccessToken() tells a client by itself from a person (R94, H070)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const token = await issuer.token({ claims: { sub: "client-1" } });
  assertEquals((await verifyAccessToken(token, trust(issuer), NOW)).principal.kind, "client");
});

test("verifyAccessToken() accepts what RFC 9068 and RFC 3986 call equal (H046, H057, H060)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const accepted = [
    { header: { typ: "application/at+jwt" } },
    { header: { typ: "AT+JWT" } },
    { claims: { aud: ["https://other.example", AUDIENCE] } },
    { claims: { aud: "HTTP://LOCALHOST:8000/mcp" } },
    { claims: { exp: NOW - 29, iat: NOW - 300 } },
    { claims: { nbf: NOW + 20 } },
    { claims: { scope: undefined } },
  ];
  for (const changes of accepted) {
    await verifyAccessToken(await issuer.token(changes), trust(issuer), NOW);
  }
});

test("verifyAccessToken() refuses each claim that does not hold (R27, R28, R30-R34, R41, R43, H045-H074)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const refused: [string, Record<string, unknown>][] = [
    ["iss_unknown", { iss: `${issuer.issuer}/` }],
    ["iss_unknown", { iss: issuer.issuer.toUpperCase() }],
    ["iss_unknown", { iss: [issuer.issuer] }],
    ["iss_unknown", { iss: undefined }],
    ["iss_unknown", { iss: "__proto__" }],
    ["aud_missing", { aud: undefined }],
    ["aud_missing", { aud: [] }],
    ["aud_missing", { aud: 1 }],
    ["aud_malformed", { aud: [[AUDIENCE]] }],
    ["aud_malformed", { aud: [AUDIENCE, 1] }],
    ["aud_mismatch", { aud: "" }],
    ["aud_mismatch", { aud: `${AUDIENCE}/` }],
    ["aud_mismatch", { aud: `${AUDIENCE}?x` }],
    ["aud_mismatch", { aud: `${AUDIENCE}#f` }],
    ["aud_mismatch", { aud: "http://localhost:8000" }],
    ["aud_mismatch", { aud: "http://localhost:8000/MCP" }],
    ["aud_mismatch", { aud: "http://u@localhost:8000/mcp" }],
    ["aud_mismatch", { aud: "http://localhost:8000.evil/mcp" }],
    ["expired", { exp: NOW - 30 }],
    ["expired", { exp: 0 }],
    ["exp_malformed", { exp: undefined }],
    ["exp_malformed", { exp: String(NOW + 60) }],
    ["exp_malformed", { exp: null }],
    ["exp_malformed", { exp: -1 }],
    ["exp_malformed", { exp: 2 ** 53 }],
    ["lifetime_too_long", { exp: NOW + 10 * 365 * 86_400 }],
    ["iat_malformed", { iat: undefined }],
    ["iat_malformed", { iat: -5 }],
    ["iat_in_future", { iat: NOW + 600, exp: NOW + 900 }],
    ["lifetime_too_long", { iat: NOW - 86_400, exp: NOW + 1 }],
    ["not_yet_valid", { nbf: NOW + 120 }],
    ["nbf_malformed", { nbf: "soon" }],
    ["jti_malformed", { jti: undefined }],
    ["jti_malformed", { jti: 7 }],
    ["jti_malformed", { jti: "" }],
    ["jti_malformed", { jti: "x".repeat(257) }],
    ["sub_malformed", { sub: undefined }],
    ["sub_malformed", { sub: "a\r\nb" }],
    ["sub_malformed", { sub: "\u001b[2J" }],
    ["sub_malformed", { sub: "user\u202e1" }],
    ["client_id_malformed", { client_id: undefined }],
    ["client_id_mismatch", { azp: "someone-else" }],
    ["scope_malformed", { scope: ["org:read"] }],
    ["scope_malformed", { scope: 1 }],
    ["scope_malformed", { scope: null }],
    ["not_an_access_token", { nonce: "n" }],
    ["cnf_not_supported", { cnf: {} }],
    ["cnf_not_supported", { cnf: { jkt: "x" } }],
    ["cnf_not_supported", { cnf: { "x5t#S256": "x" } }],
    ["cnf_not_supported", { cnf: { jkt: "x".repeat(43), other: 1 } }],
    ["cnf_not_supported", { cnf: "jkt" }],
    ["cnf_not_supported", { cnf: null }],
  ];
  for (const [reason, claims] of refused) {
    const token = await issuer.token({ claims });
    assertEquals(await reasonOf(token, trust(issuer)), reason, JSON.stringify(claims));
  }
});

test("verifyAccessToken() refuses a number that JSON reads as infinite (R34, H061)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  for (const claim of ["exp", "iat", "nbf"]) {
    const token = await signRaw(issuer, `"${claim}":1e999`, claim);
    assertEquals(await reasonOf(token, trust(issuer)), `${claim}_malformed`);
  }
});

/** Signs a payload that JSON.stringify cannot write. */
async function signRaw(issuer: TestIssuer, member: string, replaces: string): Promise<string> {
  const valid = await issuer.token({ claims: { [replaces]: undefined } });
  const [header, payload] = valid.split(".");
  const claims = atob(payload!.replaceAll("-", "+").replaceAll("_", "/"));
  const text = claims.replace(/\}$/, `,${member}}`);
  const input = `${header}.${base64url(new TextEncoder().encode(text))}`;
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    issuer.privateKey,
    new TextEncoder().encode(input),
  );
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_")
    .replaceAll("=", "");
}

test("verifyAccessToken() refuses each header that is not allowed (R26, R36, H045-H049)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const refused: [string, Record<string, unknown>][] = [
    ["typ_not_allowed", { typ: undefined }],
    ["typ_not_allowed", { typ: "JWT" }],
    ["typ_not_allowed", { typ: "dpop+jwt" }],
    ["typ_malformed", { typ: 1 }],
    ["kid_unknown", { kid: "nobody" }],
    ["kid_unknown", { kid: "__proto__" }],
    ["kid_malformed", { kid: "k".repeat(300) }],
    ["kid_malformed", { kid: ["a"] }],
  ];
  for (const [reason, header] of refused) {
    assertEquals(await reasonOf(await issuer.token({ header }), trust(issuer)), reason);
  }
});

test("verifyAccessToken() refuses unsigned and foreign-signed tokens (R25, R35, R36, H031, H034, H039, H055)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const [header, payload, signature] = (await issuer.token()).split(".");
  const withHeader = (value: unknown) =>
    `${base64url(new TextEncoder().encode(JSON.stringify(value)))}.${payload}.${signature}`;
  assertEquals(await reasonOf(`${header}.${payload}.`, trust(issuer)), "not_a_jws");
  for (const alg of ["none", "None", "HS256", "RS256", "", null, ["ES256"]]) {
    const token = withHeader({ alg, typ: "at+jwt", kid: issuer.kid });
    assertEquals(await reasonOf(token, trust(issuer)), "alg_not_allowed", String(alg));
  }
  assertEquals(
    await reasonOf(withHeader({ alg: "ES256", typ: "at+jwt", crit: ["x"], x: 1 }), trust(issuer)),
    "crit_not_supported",
  );
  const other = await generateKeyPair("ES256");
  const forged = await issuer.token({ key: other.privateKey });
  assertEquals(await reasonOf(forged, trust(issuer)), "signature_mismatch");
  const embedded = await issuer.token({
    key: other.privateKey,
    header: { jwk: { kty: "EC" }, jku: "http://127.0.0.1:1/" },
  });
  assertEquals(await reasonOf(embedded, trust(issuer)), "signature_mismatch");
});

test("verifyAccessToken() does not let one issuer speak for another (H055)", async () => {
  const a = await createTestIssuer({ issuer: "https://a.example", now: clock });
  const b = await createTestIssuer({ issuer: "https://b.example", now: clock });
  const issuers = new Map([...trust(a), ...trust(b)]);
  const token = await b.token({ claims: { iss: a.issuer } });
  assertEquals(await reasonOf(token, issuers), "kid_unknown");
});

test("verifyAccessToken() refuses every other spelling of a token (H038-H041)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const token = await issuer.token();
  const [header, payload, signature] = token.split(".") as [string, string, string];
  const spellings = [
    `${token}=`,
    `${header}=.${payload}.${signature}`,
    ` ${token}`,
    `${token}\n`,
    `${header}.${payload}`,
    `${token}.`,
    `${token}.${signature}`,
    "..",
    ".",
    "...",
    `${header}.${payload}.${signature.slice(0, -1)}`,
    `${header}.${payload}.${signature.slice(0, -1)}${signature.endsWith("A") ? "B" : "A"}`,
  ];
  for (const spelling of spellings) await reasonOf(spelling, trust(issuer));
  await reasonOf("a".repeat(65_536), trust(issuer));
});

test("verifyAccessToken() with strictAudience refuses a token for two resources (R29)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const token = await issuer.token({ claims: { aud: [AUDIENCE, "https://other.example"] } });
  assertEquals(await reasonOf(token, trust(issuer, { strictAudience: true })), "aud_several");
});

test("verifyAccessToken() gives no privilege to claims with names of Object.prototype (H073)", async () => {
  const issuer = await createTestIssuer({ now: clock });
  const token = await signRaw(issuer, '"__proto__":{"scope":"org:write"}', "scope");
  const { principal } = await verifyAccessToken(token, trust(issuer), NOW);
  assertEquals(principal.scopes, []);
  assert(!("scope" in {}));
});
