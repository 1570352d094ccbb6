/** The embedded authorization server's own secrets: made on the first run, kept in a file for its owner alone, or in a shared store. */

import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import type { JWK } from "jose";
import { AppError } from "../../errors.ts";
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
  const present = await readKeys(path);
  if (present) return present;
  await writeNewFile(path, JSON.stringify(await createKeys(), null, 2) + "\n");
  const keys = await readKeys(path);
  if (keys) return keys;
  throw new AppError("unavailable", `The key file ${path} disappeared while it was made`);
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

async function readKeys(path: string): Promise<EmbeddedKeys | undefined> {
  let text: string;
  try {
    const file = await open(path, "r");
    try {
      const { mode } = await file.stat();
      if (process.platform !== "win32" && (mode & 0o077) !== 0) {
        throw new AppError(
          "unavailable",
          `The key file ${path} can be read by others; run: chmod 600 ${path}`,
          { reason: "key_file_mode" },
        );
      }
      text = await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (errorCode(error) === "ENOENT") return undefined;
    throw new AppError("unavailable", `The key file ${path} cannot be read`, { cause: error });
  }
  return parseKeys(`The key file ${path}`, text);
}

/** Appears under its name complete or not at all, and never replaces a file: link(2) refuses an existing name. */
async function writeNewFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      await link(temporary, path);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    } finally {
      await unlink(temporary);
    }
  } catch (error) {
    throw new AppError(
      "unavailable",
      `The key file ${path} cannot be made; the folder must be writable and allow hard links`,
      { cause: error },
    );
  }
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

function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
