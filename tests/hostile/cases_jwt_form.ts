/** H-B: how a JWT is spelled, and what is spelled like one. */

import { KEYS } from "./keys.ts";
import { Buffer } from "node:buffer";
import { deflateRawSync } from "node:zlib";
import { numbered, token } from "./cases.ts";
import { base64url } from "./context.ts";
import type { Members } from "./generators_tokens.ts";
import type { Case } from "./suite.ts";
import { claimsText, headerText, nudged, respelled, signed, withHeader } from "./tokens.ts";

export const SPELLINGS: readonly Case[] = [
  respelled("H040", "padding at the end", (parts) => `${parts.join(".")}=`),
  respelled("H040.1", "two paddings at the end", (parts) => `${parts.join(".")}==`),
  respelled(
    "H040.2",
    "padding inside",
    ([header, claims, signature]) => `${header}=.${claims}.${signature}`,
  ),
  signed("H040.3", "base64 with + and /", (input) => {
    const signature = Buffer.from(KEYS.main.sign(input), "base64url").toString("base64").replaceAll(
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
    return `${nudged(header)}.${claims}.${KEYS.main.sign(`${nudged(header)}.${claims}`)}`;
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
  jwe("H042.1", "RSA-OAEP", { alg: "RSA-OAEP", enc: "A256GCM", kid: KEYS.rsa.kid }),
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
