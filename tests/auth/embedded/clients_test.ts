/** Making operator clients: ids, secrets, scopes and keys. */

import { exportJWK, generateKeyPair } from "jose";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { createClient, hashSecret, secretMatches } from "../../../auth/embedded/clients.ts";
import type { NewClient } from "../../../auth/embedded/clients.ts";
import { AppError } from "../../../errors.ts";
import { policy } from "./support.ts";

const time = new Date("2026-11-23T12:00:00Z");
const make = (input: Partial<NewClient>) =>
  createClient({ name: "ci", scopes: ["env:read"], ...input }, { now: () => time, policy });

test("createClient() gives a 256-bit secret and keeps its hash alone", () => {
  const { client, clientSecret = "" } = make({
    name: " build server ",
    scopes: ["env:read", "env:read"],
  });
  assertMatch(clientSecret, /^[\w-]{43}$/);
  assertMatch(client.clientId, /^m2m_[0-9a-f]{24}$/);
  assertEquals(client, {
    clientId: client.clientId,
    name: "build server",
    scopes: ["env:read"],
    secretHash: hashSecret(clientSecret),
    createTime: "2026-11-23T12:00:00.000Z",
  });
  assertMatch(client.secretHash ?? "", /^[0-9a-f]{64}$/);
  assertNotEquals(make({}).clientSecret, clientSecret);
});

test("createClient() with keys gives no secret", async () => {
  for (const alg of ["ES256", "Ed25519", "RS256"]) {
    const { publicKey } = await generateKeyPair(alg);
    const jwks = { keys: [{ ...await exportJWK(publicKey), kid: "1" }] };
    const made = make({ jwks });
    assertEquals(made.clientSecret, undefined);
    assertEquals(made.client.secretHash, undefined);
    assertEquals(made.client.jwks, jwks);
  }
});

test("createClient() refuses bad names, scopes and keys", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { ...await exportJWK(publicKey) };
  const refused: Partial<NewClient>[] = [
    { name: "" },
    { name: "  " },
    { name: "x".repeat(101) },
    { name: "a\nb" },
    { name: "a\u202eb" },
    { scopes: [] },
    { scopes: ["env:read", "nonsense"] },
    { scopes: ["offline_access"] },
    { jwks: { keys: [] } },
    { jwks: { keys: [{ ...await exportJWK(privateKey) }] } },
    { jwks: { keys: [{ kty: "oct", k: "AAAA" }] } },
    { jwks: { keys: [{ ...key, use: "enc" }] } },
    { jwks: { keys: [{ kty: "EC", crv: "P-256" }] } },
    { jwks: { keys: [{ kty: "RSA", e: "AQAB", n: "AAAA" }] } },
    { jwks: { keys: Array.from({ length: 11 }, () => key) } },
  ];
  for (const input of refused) {
    assertEquals(assertThrows(() => make(input), AppError).code, "invalid_input");
  }
});

test("secretMatches() takes the secret and nothing else", () => {
  const hash = hashSecret("secret");
  assert(secretMatches(hash, "secret"));
  for (const other of ["", "Secret", "secret ", hash]) assert(!secretMatches(hash, other));
  assert(!secretMatches("", ""));
  assert(!secretMatches("", "secret"));
});
