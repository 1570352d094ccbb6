/** H-B, first part: the header, the signature and the form of a JWT. */

import { Buffer } from "node:buffer";
import { createHmac, sign } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { base64url, validClaims } from "./context.ts";
import type { Context } from "./context.ts";
import { written } from "./draft.ts";
import { RawJson } from "./generators_tokens.ts";
import type { Members } from "./generators_tokens.ts";
import { KEYS } from "./keys.ts";
import { exchange } from "./raw.ts";
import { BY_RUNTIME, numbered, token } from "./cases.ts";
import type { Case } from "./suite.ts";

const { main, attacker, es384, ed25519, rsa } = KEYS;
/** The order of P-256. */
const ORDER = BigInt("0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

const claimsText = ({ target }: Context) => JSON.stringify(validClaims(target));
const headerText = (changes: Members = {}) =>
  JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "main-1", ...changes });

/** A valid token with another header, signed with the right key. */
function withHeader(
  id: string,
  name: string,
  header: Members,
  expect: Case["expect"] = "401i",
): Case {
  return token(id, name, (context) => context.token({ header }), expect);
}

/** A valid token signed in another way. */
function signed(
  id: string,
  name: string,
  signature: (input: string) => string,
  header: Members = {},
  expect: Case["expect"] = "401i",
): Case {
  return token(
    id,
    name,
    (context) => context.compact(headerText(header), claimsText(context), signature),
    expect,
  );
}

/** A valid token whose text is changed. */
function respelled(
  id: string,
  name: string,
  change: (parts: [string, string, string], context: Context) => string,
  expect: Case["expect"] = "401i",
): Case {
  return token(
    id,
    name,
    (context) => change(context.token().split(".") as [string, string, string], context),
    expect,
  );
}

function hmac(digest: string, key: string | Uint8Array): (input: string) => string {
  return (input) => createHmac(digest, key).update(input).digest("base64url");
}

/** The right signature as the two numbers r and s, changed. */
function numbers(change: (r: bigint, s: bigint) => readonly [bigint, bigint]) {
  return (input: string) => {
    const bytes = Buffer.from(main.sign(input), "base64url");
    const half = (at: number) => BigInt(`0x${bytes.subarray(at, at + 32).toString("hex")}`);
    return change(half(0), half(32)).map((number) =>
      Buffer.from(number.toString(16).padStart(64, "0"), "hex")
    ).reduce((all, part) => Buffer.concat([all, part])).toString("base64url");
  };
}

function bytesOf(change: (bytes: Buffer) => Uint8Array) {
  return (input: string) =>
    Buffer.from(change(Buffer.from(main.sign(input), "base64url"))).toString("base64url");
}

const SPKI = (type: "pem" | "der") =>
  main.publicKey.export({ type: "spki", format: type as "pem" });

/** CVE-2015-9235: what is public about the key, used as a secret. */
const PUBLIC_AS_SECRET: Readonly<Record<string, string | Uint8Array>> = {
  "the PEM": SPKI("pem"),
  "the PEM without its last line end": String(SPKI("pem")).trim(),
  "the JWK": JSON.stringify(main.jwk),
  "the DER": SPKI("der"),
  "the x coordinate": Buffer.from(String(main.jwk["x"]), "base64url"),
  "the x coordinate as text": String(main.jwk["x"]),
  "nothing": "",
};

const WRONG_ALGS: Readonly<Record<string, unknown>> = {
  "alg null": null,
  "alg 256": 256,
  "alg in an array": ["ES256"],
  "alg empty": "",
  "alg object": { name: "ES256" },
  "alg es256": "es256",
  "alg with a space": "ES256 ",
  "alg missing": undefined,
};

const SIGNATURES: readonly Case[] = [
  signed("H031", "alg none without a signature", () => "", { alg: "none" }),
  signed("H031.1", "alg none with the right signature", main.sign, { alg: "none" }),
  respelled(
    "H031.2",
    "alg none in two parts",
    ([, claims]) => `${base64url(headerText({ alg: "none" }))}.${claims}`,
  ),
  ...numbered(
    "H032",
    ["None", "nOnE", "NONE", "none "],
    (id, alg) => signed(id, `alg ${JSON.stringify(alg)}`, () => "", { alg }),
  ),
  ...numbered(
    "H033",
    Object.entries(WRONG_ALGS),
    (id, [name, alg]) => signed(id, name, main.sign, { alg }),
  ),
  ...numbered(
    "H034",
    Object.entries(PUBLIC_AS_SECRET),
    (id, [name, key]) =>
      signed(id, `HS256 keyed with ${name}`, hmac("sha256", key), { alg: "HS256" }),
  ),
  signed("H034.7", "HS512 keyed with the PEM", hmac("sha512", SPKI("pem")), { alg: "HS512" }),
  signed("H035", "RS256 under the id of an EC key", rsa.sign, { alg: "RS256" }),
  signed("H035.1", "ES384 under the id of a P-256 key", es384.sign, { alg: "ES384" }),
  signed("H035.2", "EdDSA under the id of an EC key", ed25519.sign, { alg: "EdDSA" }),
  signed("H035.3", "ES256 signed with P-384", es384.sign),
  signed("H035.4", "RS256 with the right EC signature", main.sign, { alg: "RS256" }),
  signed("H035.5", "another key under our key id", attacker.sign),
  token(
    "H035.6",
    "PS256 under an RS256 key",
    (context) => context.token({ issuer: "rsa", key: rsa, header: { alg: "PS256" } }),
  ),
  token(
    "H035.7",
    "RS256 under an RS256 key",
    (context) => context.token({ issuer: "rsa", key: rsa }),
    "200",
  ),
  signed("H036", "r and s of zero (CVE-2022-21449)", () => Buffer.alloc(64).toString("base64url")),
  signed("H036.1", "r of zero", numbers((_, s) => [0n, s])),
  signed("H036.2", "s of zero", numbers((r) => [r, 0n])),
  signed(
    "H037",
    "a signature in DER",
    (input) => sign("sha256", Buffer.from(input), main.privateKey).toString("base64url"),
  ),
  signed("H037.1", "63 bytes", bytesOf((bytes) => bytes.subarray(0, 63))),
  signed("H037.2", "65 bytes", bytesOf((bytes) => Buffer.concat([bytes, Buffer.alloc(1)]))),
  signed("H037.3", "r over the order", numbers((_, s) => [ORDER + 1n, s])),
  signed("H037.4", "s over the order", numbers((r) => [r, 2n ** 256n - 1n])),
  signed("H037.5", "r and s of the order", numbers(() => [ORDER, ORDER])),
  // The other solution of the same equation: another text, the same token and the same jti.
  signed("H037.6", "the high s", numbers((r, s) => [r, ORDER - s]), {}, "200"),
  respelled("H038", "no signature", ([header, claims]) => `${header}.${claims}.`),
  respelled("H038.1", "no signature and no dot", ([header, claims]) => `${header}.${claims}`),
  signed("H038.2", "a byte cut off in front", bytesOf((bytes) => bytes.subarray(1))),
  ...Array.from(
    { length: 64 },
    (_, at) =>
      signed(
        `H038.${at + 3}`,
        `bit flipped in byte ${at}`,
        bytesOf((bytes) => {
          bytes[at]! ^= 1 << (at % 8);
          return bytes;
        }),
      ),
  ),
  respelled(
    "H039",
    "claims replaced, signature kept",
    ([header, , signature], context) =>
      `${header}.${base64url(claimsText(context).replace("env:read", "org:write"))}.${signature}`,
  ),
  respelled(
    "H039.1",
    "one byte of the claims changed",
    ([header, claims, signature]) =>
      `${header}.${
        base64url(Buffer.from(claims, "base64url").toString().replace("user-1", "user-2"))
      }.${signature}`,
  ),
  respelled(
    "H039.2",
    "another key id, signature kept",
    ([, claims, signature]) =>
      `${base64url(headerText({ kid: "second-1" }))}.${claims}.${signature}`,
  ),
  respelled(
    "H039.3",
    "a member added to the header",
    ([, claims, signature]) => `${base64url(headerText({ x: 1 }))}.${claims}.${signature}`,
  ),
];

const SPELLINGS: readonly Case[] = [
  respelled("H040", "padding at the end", (parts) => `${parts.join(".")}=`),
  respelled("H040.1", "two paddings at the end", (parts) => `${parts.join(".")}==`),
  respelled(
    "H040.2",
    "padding inside",
    ([header, claims, signature]) => `${header}=.${claims}.${signature}`,
  ),
  signed("H040.3", "base64 with + and /", (input) => {
    const signature = Buffer.from(main.sign(input), "base64url").toString("base64").replaceAll(
      "=",
      "",
    );
    return /[+/]/.test(signature) ? signature : `+${signature.slice(1)}`;
  }),
  respelled(
    "H040.4",
    "a space inside",
    ([header, claims, signature]) =>
      `${header}.${claims.slice(0, 9)} ${claims.slice(9)}.${signature}`,
    ["400a", "401i"],
  ),
  respelled(
    "H040.5",
    "a space before the last part",
    ([header, claims, signature]) => `${header}.${claims}. ${signature}`,
    ["400a", "401i"],
  ),
  respelled("H040.6", "a percent sign", (parts) => parts.join("%2E")),
  respelled(
    "H040.7",
    "trailing bits of the signature",
    ([header, claims, signature]) => `${header}.${claims}.${nudged(signature)}`,
  ),
  respelled("H040.8", "trailing bits of the header", (_parts, context) => {
    const header = base64url(`${headerText()} `.padEnd(49));
    const claims = base64url(claimsText(context));
    return `${nudged(header)}.${claims}.${main.sign(`${nudged(header)}.${claims}`)}`;
  }),
  respelled("H040.9", "one character too many", (parts) => `${parts.join(".")}A`),
  respelled("H041", "one part", ([header]) => header),
  respelled("H041.1", "two parts", ([header, claims]) => `${header}.${claims}`),
  respelled("H041.2", "four parts", (parts) => `${parts.join(".")}.${parts[2]}`),
  respelled("H041.3", "six parts", (parts) => [...parts, ...parts].join(".")),
  respelled("H041.4", "an empty part in front", (parts) => `.${parts.join(".")}`),
  respelled("H041.5", "an empty header", ([, claims, signature]) => `.${claims}.${signature}`),
  respelled("H041.6", "empty claims", ([header, , signature]) => `${header}..${signature}`),
  jwe("H042", "dir", { alg: "dir", enc: "A256GCM" }),
  jwe("H042.1", "RSA-OAEP", { alg: "RSA-OAEP", enc: "A256GCM", kid: rsa.kid }),
  jwe("H042.2", "PBES2 with two milliards of rounds", {
    alg: "PBES2-HS256+A128KW",
    enc: "A128CBC-HS256",
    p2c: 2 ** 31,
    p2s: "c2FsdHNhbHQ",
  }),
  jwe(
    "H042.3",
    "compressed",
    { alg: "dir", enc: "A256GCM", zip: "DEF" },
    deflateRawSync(Buffer.alloc(1_000_000)).subarray(0, 3000),
  ),
  respelled("H042.4", "a compressed JWS", ([, , signature], context) => {
    const header = base64url(headerText({ zip: "DEF" }));
    return `${header}.${deflateRawSync(claimsText(context)).toString("base64url")}.${signature}`;
  }),
  respelled(
    "H043",
    "the JSON serialization",
    ([header, claims, signature]) =>
      JSON.stringify({ payload: claims, protected: header, signature }),
  ),
  respelled(
    "H043.1",
    "the general JSON serialization",
    ([header, claims, signature]) =>
      JSON.stringify({ payload: claims, signatures: [{ protected: header, signature }] }),
  ),
  token(
    "H044",
    "a nested JWT",
    (context) => context.compact(headerText({ cty: "JWT" }), context.token()),
  ),
  withHeader("H044.1", "claims that say they are a JWT", { cty: "JWT" }),
  withHeader("H044.2", "claims that say they are a jwt", { cty: "jwt" }),
  withHeader("H044.3", "claims that say they are application/jwt", { cty: "application/jwt" }),
  respelled(
    "H044.4",
    "a header that is no JSON",
    ([, claims, signature]) => `${base64url("alg: ES256")}.${claims}.${signature}`,
  ),
  ...numbered(
    "H044.5",
    ["[]", '"x"', "null", "1", "", "{"],
    (id, text) =>
      token(id, `the header ${text}`, (context) => context.compact(text, claimsText(context))),
  ),
];

function jwe(
  id: string,
  name: string,
  header: Members,
  content: Uint8Array = Buffer.alloc(64),
): Case {
  return token(
    id,
    `a JWE: ${name}`,
    () =>
      [JSON.stringify(header), Buffer.alloc(256, 1), Buffer.alloc(12), content, Buffer.alloc(16)]
        .map((part) => base64url(part)).join("."),
  );
}

/** The same bytes in base64url with unused bits set. */
function nudged(segment: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(segment.at(-1)!);
  return segment.slice(0, -1) + alphabet[last | 1];
}

const TYPES = [
  "JWT",
  "id_token+jwt",
  "dpop+jwt",
  "logout+jwt",
  "secevent+jwt",
  "oauth-id-jag+jwt",
  "token-introspection+jwt",
  "client-authentication+jwt",
  "",
  null,
  7,
  ["at+jwt"],
  "at+jwt ",
  "at+jwt;v=1",
  "x/at+jwt",
  "at+jwt,JWT",
] as const;

const ODD_KIDS: readonly unknown[] = [
  "../../../../dev/null",
  "/proc/self/environ",
  "' OR 1=1--",
  "$(id)",
  "`id`",
  "|id",
  "%00",
  "main-1\0",
  "main-1\r\nSet-Cookie: a=b",
  "\u001b[2J",
  "__proto__",
  "constructor",
  "toString",
  "K".repeat(5000),
  ["main-1"],
  { kid: "main-1" },
  7,
  true,
  null,
  "🔑",
  "\u202Emain-1",
  "\u2028",
  "MAIN-1",
  "main-1 ",
  "",
  "http://127.0.0.1/jwks",
];

const TYPES_AND_KIDS: readonly Case[] = [
  withHeader("H045", "typ missing", { typ: undefined }),
  ...numbered("H045.1", TYPES, (id, typ) => withHeader(id, `typ ${JSON.stringify(typ)}`, { typ })),
  withHeader("H046", "typ application/at+jwt", { typ: "application/at+jwt" }, "200"),
  withHeader("H046.1", "typ AT+JWT", { typ: "AT+JWT" }, "200"),
  withHeader("H046.2", "typ Application/AT+JWT", { typ: "Application/AT+JWT" }, "200"),
  ...numbered("H047", [
    { crit: ["x"], x: 1 },
    { crit: [] },
    { crit: "b64" },
    { crit: ["b64"], b64: false },
    { crit: ["b64"], b64: true },
    { crit: ["b64", "b64"], b64: true },
    { crit: null },
    { crit: ["alg"] },
    { crit: { x: 1 } },
    { b64: false },
    { crit: ["__proto__"] },
  ], (id, header) => withHeader(id, JSON.stringify(header), header)),
  token(
    "H047.11",
    "crit twice",
    (context) =>
      context.compact(
        '{"alg":"ES256","typ":"at+jwt","kid":"main-1","crit":["x"],"crit":[]}',
        claimsText(context),
      ),
  ),
  token(
    "H047.12",
    "alg twice",
    (context) =>
      context.compact(
        '{"alg":"none","typ":"at+jwt","kid":"main-1","alg":"ES256"}',
        claimsText(context),
      ),
    ["401i", "200"],
  ),
  {
    ...withHeader("H048", "an unknown kid", { kid: "unknown" }),
    verify: (_, { target }) =>
      target.fetches("main") <= 3 ? undefined : `${target.fetches("main")} fetches`,
  },
  ...numbered(
    "H049",
    ODD_KIDS,
    (id, kid) => withHeader(id, `kid ${JSON.stringify(kid).slice(0, 40)}`, { kid }),
  ),
  {
    ...withHeader("H049.90", "a kid of 100 KB", { kid: "k".repeat(100_000) }, ["401i", "431"]),
    except: BY_RUNTIME.headerOver64KiB,
  },
  {
    id: "H050",
    name: "five hundred random kids, then a valid token",
    async prepare(context) {
      const { port } = context.target;
      for (let count = 0; count < 500; count += 1) {
        const foreign = context.token({
          issuer: "many-kids",
          header: { kid: crypto.randomUUID() },
        });
        await exchange([written(context.valid({ token: foreign }))], { port });
      }
    },
    request: (context) => context.valid({ token: context.token({ issuer: "many-kids" }) }),
    expect: "200",
    verify: (_, { target }) =>
      target.fetches("many-kids") <= 2 ? undefined : `${target.fetches("many-kids")} fetches`,
  },
];

/** Where a header may want a key to be fetched from; the server must not go there (R36). */
const elsewhere = (id: string, name: string, header: (canary: string) => Members): Case =>
  token(
    id,
    name,
    (context) => context.token({ key: attacker, header: header(context.target.canary) }),
  );

const PLACES = (
  canary: string,
) => [canary, "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"];

const REFERENCES: readonly Case[] = [
  ...[0, 1, 2].map((at) =>
    elsewhere(
      `H051${at ? `.${at}` : ""}`,
      `jku, place ${at + 1}`,
      (canary) => ({ jku: PLACES(canary)[at], kid: "evil" }),
    )
  ),
  elsewhere("H051.3", "jku under our key id", (canary) => ({ jku: canary })),
  ...[0, 1, 2].map((at) =>
    elsewhere(
      `H052${at ? `.${at}` : ""}`,
      `x5u, place ${at + 1}`,
      (canary) => ({ x5u: PLACES(canary)[at] }),
    )
  ),
  elsewhere("H052.3", "x5c", () => ({ x5c: ["MIIBszCCAVmgAwIBAgIUb2hvc3RpbGU="] })),
  elsewhere("H052.4", "x5t", () => ({ x5t: "AAAAAAAAAAAAAAAAAAAAAAAAAAA" })),
  elsewhere("H052.5", "x5t#S256", () => ({ "x5t#S256": "A".repeat(43) })),
  elsewhere(
    "H053",
    "an embedded jwk (CVE-2018-0114)",
    () => ({ jwk: attacker.publicKey.export({ format: "jwk" }) }),
  ),
  elsewhere(
    "H053.1",
    "an embedded jwk without a kid",
    () => ({ kid: undefined, jwk: attacker.publicKey.export({ format: "jwk" }) }),
  ),
  elsewhere(
    "H053.2",
    "an embedded private jwk",
    () => ({ jwk: attacker.privateKey.export({ format: "jwk" }) }),
  ),
  elsewhere(
    "H053.3",
    "a jwk named __proto__",
    () => ({ __proto__x: 1, ["__proto__"]: new RawJson("{}") }),
  ),
];

export const JWT_HEADER: readonly Case[] = [
  ...SIGNATURES,
  ...SPELLINGS,
  ...TYPES_AND_KIDS,
  ...REFERENCES,
];
