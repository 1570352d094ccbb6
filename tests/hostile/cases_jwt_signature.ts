/** H-B: the algorithm and the signature of a JWT. */

import { Buffer } from "node:buffer";
import { createHmac, sign } from "node:crypto";
import { numbered, token } from "./cases.ts";
import { base64url } from "./context.ts";
import { KEYS } from "./keys.ts";
import type { Case } from "./suite.ts";
import { claimsText, headerText, respelled, signed } from "./tokens.ts";

const { main, attacker, es384, ed25519, rsa } = KEYS;

/** The order of P-256. */
const ORDER = BigInt("0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

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

export const SIGNATURES: readonly Case[] = [
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
