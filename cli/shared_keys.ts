/** Keys of this server that its other instances need too, where there are some. */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { AppError } from "../errors.ts";
import { readLocation } from "../store/mod.ts";
import type { SecretStore } from "../store/mod.ts";

const KEY_BYTES = 32;

/** Whether several instances may use the store. What they share is then in it, as a file lies on one machine. */
export function isShared(store: string): boolean {
  return readLocation(store).kind === "postgres";
}

/**
 * Returns a random key under a name: the same for all instances of a store, and otherwise one of this process.
 *
 * @throws {AppError} `unavailable` for a key in the store that is malformed.
 */
export async function sharedKey(
  store: string,
  secrets: SecretStore,
  name: "confirmation_key" | "dpop_nonce_key",
): Promise<Uint8Array> {
  const made = randomBytes(KEY_BYTES);
  if (!isShared(store)) return made;
  const kept = Buffer.from(await secrets.keep(name, made.toString("base64url")), "base64url");
  if (kept.length === KEY_BYTES) return kept;
  throw new AppError(
    "unavailable",
    `The secret ${name} in the store is malformed; remove it to get a new one`,
    { reason: "key_file_malformed" },
  );
}
