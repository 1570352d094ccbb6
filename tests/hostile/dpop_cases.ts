/** H-H: proofs of possession that are wrong in one thing each (RFC 9449 sections 4.3, 7 and 9). */

import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import { createHolder, sha256 } from "./dpop_bench.ts";
import type { Bench } from "./dpop_bench.ts";
import { BAD, each, proof, scheme } from "./dpop_case.ts";
import type { DpopCase } from "./dpop_case.ts";
import { RawJson, toJson } from "./generators_tokens.ts";

const one = (bench: Bench, token: string) => [bench.proof(token)];
const boundTo = (thumbprint: (bench: Bench) => unknown) => (bench: Bench) =>
  bench.token({ cnf: { jkt: thumbprint(bench) } });
const unbound = (bench: Bench) => bench.token({});
const replaced = (from: RegExp, to: string) => (proof: string) => proof.replace(from, to);
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const [ed25519, rsa, es384] = [
  createHolder("EdDSA"),
  createHolder("RS256"),
  createHolder("ES384"),
];

/** A client whose key is another than the bench's; its token is bound to that key. */
function heldBy(id: string, holder: typeof ed25519, expect: DpopCase["expect"]): DpopCase {
  return scheme(
    id,
    `a key for ${holder.alg}`,
    "DPoP",
    (bench, token) => [bench.proof(token, { by: holder })],
    expect,
    boundTo(() => holder.thumbprint),
  );
}

const SOUND: readonly DpopCase[] = [
  proof("H198", "a sound proof", {}, "200"),
  heldBy("H198", ed25519, "200"),
  proof("H202", "typ in upper case", { header: { typ: "DPoP+JWT" } }, "200"),
  ...each("H207", "claims", "htu", {
    "with an upper-case host": ({ url }: Bench) => url.replace("localhost", "LOCALHOST"),
    "with an upper-case scheme": ({ url }: Bench) => url.replace("http", "HTTP"),
  }, "200"),
  ...each("H208", "claims", "iat", {
    "290 s ago": ({ now }: Bench) => now - 290,
    "290 s ahead": ({ now }: Bench) => now + 290,
    "as a fraction": ({ now }: Bench) => now + 0.5,
  }, "200"),
  proof("H209", "jti of 256 characters", { claims: { jti: "x".repeat(256) } }, "200"),
  proof("H214", "an unknown header member", { header: { hint: "x" } }, "200"),
  proof("H214", "an unknown claim", { claims: { sub: "somebody" } }, "200"),
];

const SCHEMES: readonly DpopCase[] = [
  scheme("H198", "no proof", "DPoP", () => []),
  scheme("H198", "an empty proof", "DPoP", () => [""]),
  scheme("H199", "two proofs", "DPoP", (bench, token) => [
    bench.proof(token),
    bench.proof(token),
  ]),
  scheme("H199", "a bad proof before a sound one", "DPoP", (bench, token) => [
    "x",
    bench.proof(token),
  ]),
  scheme("H199", "two proofs in one header", "DPoP", (bench, token) => [
    `${bench.proof(token)}, ${bench.proof(token)}`,
  ]),
  scheme("H200", "a bound token as Bearer", "Bearer", () => [], "invalid_token"),
  scheme("H200", "a bound token as Bearer, with a proof", "Bearer", one, "invalid_token"),
  scheme("H201", "an unbound token as DPoP", "DPoP", one, "invalid_token", unbound),
  scheme("H201", "an unbound token as DPoP, no proof", "DPoP", () => [], "invalid_token", unbound),
  scheme("H211", "another key's proof", "DPoP", (bench, token) => [
    bench.proof(token, { by: bench.stranger }),
  ], "invalid_token"),
  scheme(
    "H211",
    "a token bound to a thumbprint of SHA-512",
    "DPoP",
    one,
    "invalid_token",
    boundTo(({ holder }) => createHash("sha512").update(toJson(holder.jwk)).digest("base64url")),
  ),
  scheme(
    "H211",
    "a token bound to a thumbprint of other members",
    "DPoP",
    one,
    "invalid_token",
    boundTo(({ holder }) => sha256(toJson({ ...holder.jwk, use: "sig" }))),
  ),
  scheme(
    "H211",
    "a token bound to a hexadecimal thumbprint",
    "DPoP",
    one,
    "invalid_token",
    boundTo(({ holder }) => Buffer.from(holder.thumbprint, "base64url").toString("hex")),
  ),
];

const HEADERS: readonly DpopCase[] = [
  ...each("H202", "header", "typ", {
    missing: undefined,
    null: null,
    number: 7,
    JWT: "JWT",
    "at+jwt": "at+jwt",
    "with a space": "dpop+jwt ",
  }),
  ...each("H203", "header", "alg", {
    none: "none",
    None: "None",
    HS256: "HS256",
    RS1: "RS1",
    ES384: "ES384",
    EdDSA: "EdDSA",
    missing: undefined,
    array: ["ES256"],
  }),
  heldBy("H203", rsa, BAD),
  heldBy("H203", es384, BAD),
  proof("H203", "alg none without a signature", {
    header: { alg: "none" },
    text: replaced(/[^.]*$/, ""),
  }),
  // A public key is no secret: whoever takes it for one lets everybody sign.
  proof("H203", "HS256 keyed with the public key", ({ holder }) => ({
    header: { alg: "HS256" },
    text: (proof) => {
      const input = proof.slice(0, proof.lastIndexOf("."));
      return `${input}.${
        createHmac("sha256", JSON.stringify(holder.jwk)).update(input).digest("base64url")
      }`;
    },
  })),
  ...each("H204", "header", "jwk", {
    missing: undefined,
    null: null,
    string: "key",
    empty: {},
    array: [],
    "with the private part": ({ holder }: Bench) => holder.privateJwk,
    symmetric: { kty: "oct", k: "c2VjcmV0" },
    RSA: rsa.jwk,
    "of another key": ({ stranger }: Bench) => stranger.jwk,
    "off the curve": ({ holder, stranger }: Bench) => ({ ...holder.jwk, x: stranger.jwk["x"] }),
    "with numbers": ({ holder }: Bench) => ({ ...holder.jwk, x: 7 }),
    "in a list": ({ holder }: Bench) => [holder.jwk],
  }),
  // Where WebCrypto does not compare the curves, the thumbprint is of another key.
  ...each("H204", "header", "jwk", {
    "of another curve": ({ holder }: Bench) => ({ ...holder.jwk, crv: "P-384" }),
  }, [BAD, "invalid_token"]),
  proof("H204", "kid instead of jwk", ({ holder }) => ({
    header: { jwk: undefined, kid: holder.thumbprint },
  })),
  proof("H205", "one character of the signature changed", {
    text: (proof) => proof.slice(0, -10) + (proof.at(-10) === "A" ? "B" : "A") + proof.slice(-9),
  }),
  proof("H205", "a signature of zeros", {
    text: replaced(/[^.]*$/, Buffer.alloc(64).toString("base64url")),
  }),
  proof("H205", "no signature", { text: replaced(/[^.]*$/, "") }),
  proof("H205", "two segments", { text: replaced(/\.[^.]*$/, "") }),
  proof("H205", "the claims changed afterwards", {
    text: replaced(/\.[^.]*\./, `.${encoded({ htm: "POST" })}.`),
  }),
  ...each("H214", "header", "crit", { unknown: ["x"], b64: ["b64"], empty: [], "of jwk": ["jwk"] }),
  proof("H214", "crit with b64 false", { header: { crit: ["b64"], b64: false } }),
  ...each("H214", "header", "jku", { there: "http://127.0.0.1:9/jwks" }),
  ...each("H214", "header", "x5u", { there: "http://127.0.0.1:9/cert" }),
  ...each("H214", "header", "x5c", { there: ["AAAA"] }),
  proof("H215", "5 KB", { claims: { padding: "x".repeat(5000) } }),
  proof("H215", "64 KB", { claims: { padding: "x".repeat(65_536) } }, "header_fields_too_large"),
  proof("H215", "10 000 dots", { text: () => ".".repeat(10_000) }),
];

const CLAIMS: readonly DpopCase[] = [
  ...each("H206", "claims", "htm", {
    GET: "GET",
    "in lower case": "post",
    missing: undefined,
    empty: "",
    list: ["POST"],
    "with a space": "POST ",
  }),
  ...each("H207", "claims", "htu", {
    missing: undefined,
    empty: "",
    list: ({ url }: Bench) => [url],
    relative: "/mcp",
    "of another path": ({ url }: Bench) => `${url}2`,
    "with a trailing slash": ({ url }: Bench) => `${url}/`,
    "with an upper-case path": ({ url }: Bench) => url.replace("/mcp", "/MCP"),
    "with an encoded path": ({ url }: Bench) => url.replace("/mcp", "/%6dcp"),
    "of the origin": ({ url }: Bench) => new URL(url).origin,
    "of another host": ({ url }: Bench) => url.replace("localhost", "localhost.evil.example"),
    "of another name of this host": ({ url }: Bench) => url.replace("localhost", "127.0.0.1"),
    "of another port": ({ url }: Bench) => url.replace(/:\d+/, ":1"),
    "without a port": ({ url }: Bench) => url.replace(/:\d+/, ""),
    "of https": ({ url }: Bench) => url.replace("http", "https"),
    "with user information": ({ url }: Bench) => url.replace("//", "//user@"),
    "with a query": ({ url }: Bench) => `${url}?x=1`,
    "with an empty query": ({ url }: Bench) => `${url}?`,
    "with a fragment": ({ url }: Bench) => `${url}#x`,
    "as a prefix": ({ url }: Bench) => `${url}.evil.example`,
  }),
  ...each("H208", "claims", "iat", {
    missing: undefined,
    "310 s ago": ({ now }: Bench) => now - 310,
    "310 s ahead": ({ now }: Bench) => now + 310,
    "as text": ({ now }: Bench) => String(now),
    null: null,
    "1e999": new RawJson("1e999"),
    zero: 0,
    "in milliseconds": ({ now }: Bench) => now * 1000,
  }),
  ...each("H209", "claims", "jti", {
    missing: undefined,
    null: null,
    number: 7,
    empty: "",
    "of 300 characters": "x".repeat(300),
    "of 10 KB": "x".repeat(10_000),
  }),
  ...each("H210", "claims", "ath", {
    missing: undefined,
    empty: "",
    "of another token": (bench: Bench) => sha256(bench.token()),
    "of nothing": sha256(""),
  }),
  scheme("H210", "ath in hexadecimal", "DPoP", (bench, token) => [
    bench.proof(token, { claims: { ath: sha256(token, "hex") } }),
  ]),
  scheme("H210", "ath with padding", "DPoP", (bench, token) => [
    bench.proof(token, { claims: { ath: `${sha256(token)}=` } }),
  ]),
  proof("H209", "claims that are no object", { text: replaced(/\.[^.]*\./, `.${encoded([1])}.`) }),
];

/** H198 to H211 and H214 to H215, the sound ones first. */
export const DPOP_CASES: readonly DpopCase[] = [...SOUND, ...SCHEMES, ...HEADERS, ...CLAIMS];

/** H212 and H213: only where a nonce of the server is demanded. */
export const NONCE_CASES: readonly DpopCase[] = [
  ...each("H212", "claims", "nonce", { missing: undefined }, "use_dpop_nonce"),
  ...each("H213", "claims", "nonce", {
    empty: "",
    null: null,
    number: 7,
    forged: sha256("nonce"),
    lengthened: ({ nonce }: Bench) => `${nonce}A`,
    shortened: ({ nonce }: Bench) => nonce?.slice(0, -1),
    "in a list": ({ nonce }: Bench) => [nonce],
  }, "use_dpop_nonce"),
];
