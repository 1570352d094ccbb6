/** H-B: key sets that are bad, answers that are none, and keys that change. */

import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { numbered, token } from "./cases.ts";
import { written } from "./draft.ts";
import { EXPONENT_ONE, KEYS } from "./keys.ts";
import { exchange } from "./raw.ts";
import type { Context } from "./context.ts";
import type { Case, Expectation } from "./suite.ts";

const { next, rsa, weak } = KEYS;

/** A token that is valid as far as the issuer is concerned, whose key set is named. */
function from(id: string, issuer: string, expect: Expectation = "401i"): Case {
  return token(id, `keys: ${issuer}`, (context) => context.token({ issuer }), expect);
}

async function call(context: Context, parts: Parameters<Context["token"]>[0]): Promise<void> {
  const draft = context.valid({ token: context.token(parts) });
  await exchange([written(draft)], { port: context.target.port });
}

const SECRET = Buffer.from("c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0ISE", "base64url");

/** What an issuer may answer instead of keys; that is not the caller's fault (R23). */
const OUTAGES = [
  "500",
  "404",
  "302",
  "307",
  "html",
  "wrong-type",
  "invalid-json",
  "not-utf8",
  "no-keys",
  "keys-null",
  "null",
  "huge",
  "gzip-bomb",
  "hung-up",
  "ten-thousand",
] as const;

export const JWT_KEYS: readonly Case[] = [
  {
    id: "H082",
    name: "a key that is newer than the server's copy",
    prepare: (context) => call(context, { issuer: "rotating" }),
    request: (context) =>
      context.valid({ token: context.token({ issuer: "rotating", key: next }) }),
    expect: "200",
    verify: (_, { target }) =>
      target.fetches("rotating") === 2 ? undefined : `${target.fetches("rotating")} fetches`,
  },
  token(
    "H083",
    "an RSA key of 1024 bits",
    (context) => context.token({ issuer: "weak-rsa", key: weak }),
  ),
  token(
    "H083.1",
    "an RSA key with the exponent 1",
    (context) =>
      context.token({
        issuer: "exponent-one",
        key: { alg: "RS256", kid: "one-1", sign: EXPONENT_ONE.sign },
      }),
  ),
  token(
    "H083.2",
    "an RSA key with an even modulus",
    (context) => context.token({ issuer: "even-modulus", key: rsa }),
  ),
  token("H084", "a symmetric key", (context) =>
    context.token({
      issuer: "symmetric",
      key: {
        alg: "HS256",
        kid: "main-1",
        sign: (input) => createHmac("sha256", SECRET).update(input).digest("base64url"),
      },
    })),
  ...numbered("H084.1", [
    "private",
    "encryption",
    "operations",
    "other-algorithm",
    "equal-kids",
    "no-objects",
    "off-curve",
  ], (id, issuer) => from(id, issuer)),
  from("H084.8", "junk-and-good", "200"),
  ...numbered("H085", OUTAGES, (id, issuer) => from(id, issuer, "503")),
  ...numbered("H085.20", ["silent", "endless"], (id, issuer) => from(id, issuer, "503")),
  {
    id: "H085.30",
    name: "an unknown kid while the keys cannot be had, then a valid token",
    async prepare(context) {
      await call(context, { issuer: "warm-then-500" });
      await call(context, { issuer: "warm-then-500", header: { kid: "unknown" } });
    },
    request: (context) => context.valid({ token: context.token({ issuer: "warm-then-500" }) }),
    expect: "200",
  },
  {
    id: "H086",
    name: "a redirect of the keys was not followed",
    request: (context) => context.valid(),
    expect: "200",
    verify: (_, { target }) =>
      target.fetches("canary-of-redirects") === 0 ? undefined : "the redirect was followed",
  },
  {
    id: "H090",
    name: "the same token three hundred times",
    async prepare(context) {
      const token = context.token({ claims: { jti: "again" } });
      for (let count = 0; count < 300; count += 1) {
        await exchange([written(context.valid({ token }))], { port: context.target.port });
      }
    },
    request: (context) => context.valid(),
    expect: "200",
  },
];
