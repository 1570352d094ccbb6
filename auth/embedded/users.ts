/** The people who may sign in where the issuer is public: password hashes (scrypt, RFC 7914) and a throttle. */

import { Buffer } from "node:buffer";
import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { AppError } from "../../errors.ts";

export interface User {
  /** The `sub` of the user's tokens. */
  readonly subject: string;
  /** What the user types, and what the consent page shows. */
  readonly name: string;
  /** As `hashPassword` makes it. */
  readonly passwordHash: string;
}

/** What became of a sign-in. */
export type SignIn =
  | { readonly subject: string }
  | { readonly refused: "wrong" }
  | { readonly refused: "throttled"; readonly retryAfterSeconds: number };

export interface Users {
  find(subject: string): User | undefined;
  /** Takes as long for an unknown name as for a wrong password, and after failures answers without looking. */
  signIn(name: string, password: string): Promise<SignIn>;
}

const COST = 2 ** 15;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 3;
const KEY_BYTES = 32;
const MAX_MEMORY = 128 * 1024 * 1024;

const FAILURES = 10;
const FAILURE_WINDOW_SECONDS = 300;
const CONCURRENT_SIGN_INS = 4;

/** Returns `scrypt:N:r:p:salt:key` with salt and key in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const parameters = { cost: COST, blockSize: BLOCK_SIZE, parallelization: PARALLELIZATION };
  const key = await deriveKey(password, { ...parameters, salt });
  return ["scrypt", COST, BLOCK_SIZE, PARALLELIZATION, encode(salt), encode(key)].join(":");
}

/**
 * Reads the users of the configuration.
 *
 * @throws {AppError} `invalid_request` for a hash that is none, and for a name or subject that is there twice.
 */
export function createUsers(users: readonly User[]): Users {
  for (const member of ["name", "subject"] as const) {
    if (new Set(users.map((user) => user[member])).size !== users.length) {
      throw new AppError("invalid_request", `Two users have the same ${member}`);
    }
  }
  const known = new Map(
    users.map((user) => [user.name, { user, hash: parseHash(user.passwordHash, user.name) }]),
  );
  // As costly as a known one, and without a password.
  const [first] = known.values();
  const unknown = first && { ...first.hash, key: randomBytes(KEY_BYTES) };
  const failures = new RateLimiterMemory({ points: FAILURES, duration: FAILURE_WINDOW_SECONDS });
  let running = 0;

  return {
    find: (subject) => users.find((user) => user.subject === subject),
    async signIn(name, password) {
      const bucket = bucketOf(name);
      const state = await failures.get(bucket);
      if (state && state.consumedPoints >= FAILURES) {
        return { refused: "throttled", retryAfterSeconds: Math.ceil(state.msBeforeNext / 1000) };
      }
      if (running >= CONCURRENT_SIGN_INS) return { refused: "throttled", retryAfterSeconds: 2 };
      running += 1;
      try {
        const entry = known.get(name);
        const hash = entry?.hash ?? unknown;
        const matches = hash && timingSafeEqual(await deriveKey(password, hash), hash.key);
        if (matches && entry) return { subject: entry.user.subject };
        await failures.penalty(bucket);
        return { refused: "wrong" };
      } finally {
        running -= 1;
      }
    },
  };
}

/** Known and unknown names share 256 buckets: memory stays bounded, and a throttle does not tell which names exist. */
function bucketOf(name: string): string {
  return createHash("sha256").update(name).digest("hex").slice(0, 2);
}

interface ScryptParameters {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Buffer;
}

function deriveKey(password: string, parameters: ScryptParameters): Promise<Buffer> {
  const { salt, cost, blockSize, parallelization } = parameters;
  return new Promise((resolve, reject) =>
    scrypt(
      password.normalize("NFC"),
      salt,
      KEY_BYTES,
      { cost, blockSize, parallelization, maxmem: MAX_MEMORY },
      (error, key) => error ? reject(error) : resolve(key),
    )
  );
}

function parseHash(text: string, name: string): ScryptParameters & { readonly key: Buffer } {
  const [scheme, cost, blockSize, parallelization, salt = "", key = "", ...rest] = text.split(":");
  const hash = {
    cost: Number(cost),
    blockSize: Number(blockSize),
    parallelization: Number(parallelization),
    salt: Buffer.from(salt, "base64url"),
    key: Buffer.from(key, "base64url"),
  };
  const sound = scheme === "scrypt" && rest.length === 0 &&
    Number.isInteger(Math.log2(hash.cost)) && hash.cost >= 2 ** 14 &&
    hash.blockSize >= 8 && hash.parallelization >= 1 &&
    128 * hash.cost * hash.blockSize <= MAX_MEMORY / 2 &&
    hash.salt.byteLength >= 16 && hash.key.byteLength === KEY_BYTES;
  if (!sound) {
    throw new AppError(
      "invalid_request",
      `The password hash of user ${JSON.stringify(name)} is not of the form scrypt:N:r:p:salt:key`,
    );
  }
  return hash;
}

function encode(bytes: Buffer): string {
  return bytes.toString("base64url");
}
