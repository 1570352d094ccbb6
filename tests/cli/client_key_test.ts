import { test } from "node:test";
import { generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { readClientKey } from "../../cli/client_key.ts";
import { AppError } from "../../errors.ts";
import { withFolder } from "./support.ts";

const EC = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ED = generateKeyPairSync("ed25519");
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });

function pem(key: KeyObject, type: "pkcs1" | "pkcs8" | "sec1" = "pkcs8"): string {
  return key.export({ format: "pem", type } as never) as string;
}

function jwk(key: KeyObject, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...key.export({ format: "jwk" }), ...more });
}

test("readClientKey() reads JWK and PEM, and picks the algorithm by the key (RFC 7523)", () =>
  withFolder(async (folder) => {
    const path = join(folder, "key");
    const cases: [string, string, string | undefined][] = [
      [jwk(EC.privateKey, { kid: "k1" }), "ES256", "k1"],
      [jwk(ED.privateKey), "EdDSA", undefined],
      [jwk(RSA.privateKey), "RS256", undefined],
      [jwk(RSA.privateKey, { alg: "PS256", kid: "k2" }), "PS256", "k2"],
      [pem(EC.privateKey), "ES256", undefined],
      [pem(EC.privateKey, "sec1"), "ES256", undefined],
      [pem(ED.privateKey), "EdDSA", undefined],
      [pem(RSA.privateKey), "RS256", undefined],
      [pem(RSA.privateKey, "pkcs1"), "RS256", undefined],
    ];
    for (const [text, alg, kid] of cases) {
      await writeFile(path, text);
      const read = await readClientKey(path);
      assertEquals([read.alg, read.kid], [alg, kid]);
      assertEquals([read.key.extractable, read.key.usages], [false, ["sign"]]);
    }
  }));

test("readClientKey() refuses what is no such key, and repeats nothing of it", () =>
  withFolder(async (folder) => {
    const path = join(folder, "key");
    const short = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const curve = generateKeyPairSync("ec", { namedCurve: "P-384" });
    for (
      const text of [
        "",
        "{",
        '{"kty":"oct","k":"c2VjcmV0LXNlY3JldA"}',
        jwk(EC.publicKey),
        EC.publicKey.export({ format: "pem", type: "spki" }) as string,
        jwk(curve.privateKey),
        pem(curve.privateKey),
        pem(short.privateKey),
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LXNlY3JldA\n-----END PRIVATE KEY-----\n",
      ]
    ) {
      await writeFile(path, text);
      const error = await assertRejects(() => readClientKey(path), AppError);
      assertMatch(error.message, /is not a private EC P-256, Ed25519 or RSA key/);
      assertFalse(error.message.includes("c2Vjc"));
    }
    await assertRejects(() => readClientKey(join(folder, "none")), AppError, "cannot be read");
  }));
