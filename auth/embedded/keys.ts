/** The embedded authorization server's own secrets: made on the first run, kept in a file for its owner alone, or in a shared store. */

import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { JWK } from "jose";
import { AppError } from "../../errors.ts";
import { readOrCreatePrivateFile } from "../../store/private_file.ts";
import type { SecretStore } from "../../store/secrets.ts";

export interface EmbeddedKeys {
  /** Private ES256 keys, `kid` = RFC 7638 thumbprint; the first one signs. */
  signingKeys: JWK[];
  /** Sign the cookies; the first one signs, all verify. */
  cookieKeys: string[];
  /** The client of this machine's command line; the caller registers it. */
  cliClient: { clientId: string; clientSecret: string };
}

/**
 * Returns the keys in the file, which is made where there is none; without a path they live in memory only.
 *
 * Of several processes that start at once one makes the file and all use it.
 *
 * @throws {AppError} `unavailable` for a file that others can read, that cannot be read, or that is malformed.
 */
export async function loadOrCreateKeys(path: string | undefined): Promise<EmbeddedKeys> {
  if (path === undefined) return await createKeys();
  const text = await readOrCreatePrivateFile(
    path,
    async () => JSON.stringify(await createKeys(), null, 2) + "\n",
  );
  return parseKeys(`The key file ${path}`, text);
}

/**
 * Returns the keys in the store, which are made where there are none, so that all instances have the same.
 *
 * @throws {AppError} `unavailable` for keys that are malformed.
 */
export async function loadOrKeepKeys(secrets: SecretStore): Promise<EmbeddedKeys> {
  return await findKeys(secrets) ??
    keptKeys(await secrets.keep(SECRET_NAME, JSON.stringify(await createKeys())));
}

/** Returns the keys in the store; undefined where no server has made them. */
export async function findKeys(secrets: SecretStore): Promise<EmbeddedKeys | undefined> {
  const text = await secrets.find(SECRET_NAME);
  return text === undefined ? undefined : keptKeys(text);
}

const SECRET_NAME = "embedded_keys";

function keptKeys(text: string): EmbeddedKeys {
  return parseKeys(`The secret ${SECRET_NAME} in the store`, text);
}

async function createKeys(): Promise<EmbeddedKeys> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    signingKeys: [{ ...jwk, kid, alg: "ES256", use: "sig" }],
    cookieKeys: [randomBytes(32).toString("base64url")],
    cliClient: {
      clientId: `m2m_${randomBytes(12).toString("hex")}`,
      clientSecret: randomBytes(32).toString("base64url"),
    },
  };
}

function parseKeys(place: string, text: string): EmbeddedKeys {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Refused below.
  }
  if (!isEmbeddedKeys(value)) {
    throw new AppError(
      "unavailable",
      `${place} is malformed; restore it from a backup, or remove it to get new keys (clients must then sign in again)`,
      { reason: "key_file_malformed" },
    );
  }
  return value;
}

function isEmbeddedKeys(value: unknown): value is EmbeddedKeys {
  const { signingKeys, cookieKeys, cliClient } = (value ?? {}) as Partial<EmbeddedKeys>;
  return Array.isArray(signingKeys) && signingKeys.length > 0 && signingKeys.every(isSigningKey) &&
    Array.isArray(cookieKeys) && cookieKeys.length > 0 && cookieKeys.every(isSecret) &&
    typeof cliClient?.clientId === "string" && isSecret(cliClient.clientSecret);
}

function isSigningKey(key: JWK): boolean {
  return key?.kty === "EC" && key.crv === "P-256" && key.alg === "ES256" &&
    [key.x, key.y, key.d, key.kid].every((member) => typeof member === "string" && member !== "");
}

function isSecret(value: unknown): boolean {
  return typeof value === "string" && Buffer.from(value, "base64url").byteLength >= 32;
}
