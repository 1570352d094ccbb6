/** The keys of the audit trail: one that signs it, one that fingerprints what must not be written; kept in a file, or in a shared store. */

import { Buffer } from "node:buffer";
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { AppError } from "../../errors.ts";
import { readOrCreatePrivateFile, readPrivateFile } from "../private_file.ts";
import type { SecretStore } from "../secrets.ts";
import { canonical, parseObject } from "./record.ts";

/** Checks what the audit trail says of itself. */
export interface AuditVerifier {
  /** RFC 7638 thumbprint of the public key. */
  readonly keyId: string;
  readonly publicKey: PublicJwk;
  /** Whether base64url `signature` is the one and only spelling of a signature over the statement (Ed25519). */
  verify(statement: object, signature: string): boolean;
}

export interface AuditKeys extends AuditVerifier {
  /** Base64url Ed25519 signature over the canonical text of the statement. */
  sign(statement: object): string;
  /** Hex HMAC-SHA-256. */
  fingerprint(text: string): string;
}

/** RFC 8037. */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

interface KeyFile {
  readonly signingKey: PublicJwk & { readonly d: string };
  readonly fingerprintKey: string;
}

/**
 * Returns the keys in the file, which is made where there is none; without a path they live in memory only.
 *
 * @throws {AppError} `unavailable` for a file that others can read, that cannot be read, or that is malformed.
 */
export async function loadOrCreateAuditKeys(path: string | undefined): Promise<AuditKeys> {
  if (path === undefined) return keysOf(createKeyFile());
  const text = await readOrCreatePrivateFile(
    path,
    () => Promise.resolve(JSON.stringify(createKeyFile(), null, 2) + "\n"),
  );
  return keysOf(parseKeyFile(`The key file ${path}`, text));
}

/**
 * Returns the keys in the store, which are made where there are none, so that all instances have the same.
 *
 * @throws {AppError} `unavailable` for keys that are malformed.
 */
export async function loadOrKeepAuditKeys(secrets: SecretStore): Promise<AuditKeys> {
  const text = await secrets.find(SECRET_NAME) ??
    await secrets.keep(SECRET_NAME, JSON.stringify(createKeyFile()));
  return keysOf(parseKeyFile(SECRET_PLACE, text));
}

/**
 * Returns the keys in the store, where they must be.
 *
 * @throws {AppError} `unavailable` where there are none, or they cannot be used.
 */
export async function findAuditKeys(secrets: SecretStore): Promise<AuditKeys> {
  const text = await secrets.find(SECRET_NAME);
  if (text === undefined) {
    throw new AppError(
      "unavailable",
      `The store has no secret ${SECRET_NAME}, so no signature can be checked; were the keys in audit.keysFile?`,
      { reason: "key_file_missing" },
    );
  }
  return keysOf(parseKeyFile(SECRET_PLACE, text));
}

const SECRET_NAME = "audit_keys";
const SECRET_PLACE = `The secret ${SECRET_NAME} in the store`;

/**
 * Returns the keys in a file that must be there.
 *
 * @throws {AppError} `unavailable` where there is no such file, or it cannot be used.
 */
export async function loadAuditKeys(path: string): Promise<AuditKeys> {
  const text = await readPrivateFile(path);
  if (text === undefined) {
    throw new AppError(
      "unavailable",
      `There is no key file ${path}, so no signature can be checked`,
      { reason: "key_file_missing" },
    );
  }
  return keysOf(parseKeyFile(`The key file ${path}`, text));
}

export function createVerifier({ kty, crv, x }: PublicJwk): AuditVerifier {
  const publicKey: PublicJwk = { kty, crv, x };
  const key = createPublicKey({ key: { ...publicKey }, format: "jwk" });
  return {
    publicKey,
    keyId: createHash("sha256").update(canonical(publicKey)).digest("base64url"),
    verify(statement, signature) {
      const bytes = Buffer.from(signature, "base64url");
      // The last character has bits to spare; another spelling of the same bytes is a changed file.
      if (bytes.toString("base64url") !== signature || bytes.length !== 64) return false;
      return verify(null, Buffer.from(canonical(statement)), key, bytes);
    },
  };
}

function keysOf({ signingKey, fingerprintKey }: KeyFile): AuditKeys {
  const key = createPrivateKey({ key: { ...signingKey }, format: "jwk" });
  const hmacKey = Buffer.from(fingerprintKey, "base64url");
  return {
    ...createVerifier(signingKey),
    sign: (statement) => sign(null, Buffer.from(canonical(statement)), key).toString("base64url"),
    fingerprint: (text) => createHmac("sha256", hmacKey).update(text).digest("hex"),
  };
}

function createKeyFile(): KeyFile {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { kty, crv, x, d } = privateKey.export({ format: "jwk" }) as KeyFile["signingKey"];
  return { signingKey: { kty, crv, x, d }, fingerprintKey: randomBytes(32).toString("base64url") };
}

function parseKeyFile(place: string, text: string): KeyFile {
  const value = parseObject(text);
  if (isKeyFile(value)) return value;
  throw new AppError(
    "unavailable",
    `${place} is malformed; restore it from a backup. Without it the audit trail cannot be continued, only begun ` +
      "anew, with the former one and its keys moved away",
    { reason: "key_file_malformed" },
  );
}

function isKeyFile(value: unknown): value is KeyFile {
  const { signingKey, fingerprintKey } = (value ?? {}) as Partial<KeyFile>;
  return signingKey?.kty === "OKP" && signingKey.crv === "Ed25519" &&
    [signingKey.x, signingKey.d, fingerprintKey].every((member) =>
      typeof member === "string" && Buffer.from(member, "base64url").byteLength === 32
    );
}
