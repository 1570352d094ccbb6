/** The keys of one issuer: fetched, filtered, kept fresh, and never asked for more often than is safe (RFC 7517). */

import { createLocalJWKSet, errors as jose } from "jose";
import type { CryptoKey, JSONWebKeySet, JWK, JWSHeaderParameters } from "jose";
import { AppError } from "../errors.ts";
import { invalidToken } from "./claims.ts";
import { fetchJson } from "./fetch_json.ts";

/** Finds the key that a token header names. */
export interface KeySource {
  /**
   * @throws {AppError} `invalid_token` where no single key fits; `unavailable` where the keys cannot be had.
   */
  keyFor(header: JWSHeaderParameters): Promise<CryptoKey>;
  /**
   * Resolves where there are keys to verify with, fetching them where it is time to.
   *
   * @throws {AppError} `unavailable`.
   */
  check(): Promise<void>;
  /** Grows each time other keys are in force; what was verified under older ones is verified again. */
  readonly generation: number;
  /** For how many seconds the keys in force have been older than they should be; 0 while they are fresh. */
  readonly staleSeconds: number;
}

/** Times in milliseconds. */
export interface KeySourceOptions {
  /** Resolves to the `jwks_uri`; called before a fetch until it succeeds. */
  readonly locate: () => Promise<string>;
  readonly algorithms: readonly string[];
  readonly now: () => number;
  readonly log: (message: string, properties: Record<string, unknown>) => void;
  /** Keys younger than this are used without asking; at 80 % of it they are refreshed in the background. Default 10 minutes. */
  readonly freshMs?: number;
  /** Keys up to this age are used while the issuer cannot be reached. Default 24 hours. */
  readonly staleMs?: number;
  /** At most one fetch for unknown key ids in this time. Default 30 seconds. */
  readonly cooldownMs?: number;
}

const MAX_KEYS = 100;
const MIN_RSA_BITS = 2048;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

interface KeySet {
  readonly fetchedAt: number;
  readonly fingerprint: string;
  readonly keyFor: (header: JWSHeaderParameters) => Promise<CryptoKey>;
}

/** Keys that are known from the start: those of the embedded authorization server, or of a test. */
export function staticKeys(jwks: JSONWebKeySet, algorithms: readonly string[]): KeySource {
  const set = toKeySet(jwks, algorithms, 0);
  return { keyFor: set.keyFor, check: () => Promise.resolve(), generation: 1, staleSeconds: 0 };
}

/** Keys of an issuer that publishes them at a URL. */
export function remoteKeys(options: KeySourceOptions): KeySource {
  const { freshMs = 600_000, staleMs = 86_400_000, cooldownMs = 30_000, now, log } = options;
  let current: KeySet | undefined;
  let generation = 0;
  let inFlight: Promise<void> | undefined;
  let failures = 0;
  let retryAt = -Infinity;
  let askedForUnknownAt = -Infinity;

  async function fetchKeys(): Promise<void> {
    try {
      const jwks = await fetchJson({ url: await options.locate() });
      const next = toKeySet(jwks as unknown as JSONWebKeySet, options.algorithms, now());
      if (next.fingerprint !== current?.fingerprint) generation += 1;
      current = next;
      failures = 0;
    } catch (cause) {
      retryAt = now() + Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
      failures += 1;
      log("cannot fetch the issuer's keys", { cause: String(cause) });
    }
  }

  /** One fetch at a time, whoever asks; after a failure the next waits, longer each time. */
  function refresh(): Promise<void> {
    if (failures > 0 && now() < retryAt) return Promise.resolve();
    inFlight ??= fetchKeys().finally(() => (inFlight = undefined));
    return inFlight;
  }

  async function keysInForce(): Promise<KeySet> {
    const age = current ? now() - current.fetchedAt : Infinity;
    if (age >= freshMs) await refresh();
    else if (age >= 0.8 * freshMs) void refresh();
    if (current && now() - current.fetchedAt < staleMs) return current;
    throw new AppError("unavailable", "The issuer's keys cannot be had now; try again later", {
      reason: "keys_unavailable",
      retryAfterSeconds: 5,
    });
  }

  return {
    get generation() {
      return generation;
    },
    get staleSeconds() {
      return current ? Math.max(0, now() - current.fetchedAt - freshMs) / 1000 : 0;
    },
    async check() {
      await keysInForce();
    },
    async keyFor(header) {
      const set = await keysInForce();
      try {
        return await set.keyFor(header);
      } catch (error) {
        if (!(error instanceof AppError) || error.reason !== "kid_unknown") throw error;
        // A key may have been added since the last fetch; an attacker may also be inventing key ids.
        if (now() - askedForUnknownAt < cooldownMs) throw error;
        askedForUnknownAt = now();
        await refresh();
        if (current === undefined || current === set) throw error;
        return await current.keyFor(header);
      }
    },
  };
}

/**
 * Keeps the keys that may verify an access token (RFC 7517 section 4, RFC 8725 section 3.5).
 *
 * @throws {Error} where the value is no key set or is too large to be one.
 */
function toKeySet(jwks: JSONWebKeySet, algorithms: readonly string[], fetchedAt: number): KeySet {
  if (!Array.isArray(jwks?.keys)) throw new Error("The key set has no keys array");
  if (jwks.keys.length > MAX_KEYS) throw new Error(`The key set has more than ${MAX_KEYS} keys`);
  const keys = jwks.keys.filter((key) => isVerificationKey(key, algorithms));
  const find = createLocalJWKSet({ keys });
  return {
    fetchedAt,
    fingerprint: JSON.stringify(keys),
    async keyFor(header) {
      try {
        return await find(header);
      } catch (error) {
        if (error instanceof jose.JWKSMultipleMatchingKeys) throw invalidToken("kid_ambiguous");
        if (error instanceof jose.JWKSNoMatchingKey) throw invalidToken("kid_unknown");
        throw invalidToken("key_unusable");
      }
    },
  };
}

function isVerificationKey(key: unknown, algorithms: readonly string[]): key is JWK {
  if (key === null || typeof key !== "object") return false;
  const { kty, use, key_ops, alg, kid, d, n, e } = key as JWK;
  if (kty !== "EC" && kty !== "OKP" && kty !== "RSA") return false;
  if (d !== undefined) return false;
  if (kid !== undefined && typeof kid !== "string") return false;
  if (use !== undefined && use !== "sig") return false;
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes("verify"))) {
    return false;
  }
  if (alg !== undefined && !algorithms.includes(alg)) return false;
  return kty !== "RSA" || isStrongRsa(n, e);
}

/** RFC 7518 section 3.3 asks for 2048 bits; an even modulus or an exponent of 1 is no RSA key at all. */
function isStrongRsa(modulus: unknown, exponent: unknown): boolean {
  if (typeof modulus !== "string" || typeof exponent !== "string") return false;
  const n = bytesOf(modulus);
  const e = bytesOf(exponent);
  const first = n.findIndex((byte) => byte !== 0);
  if (first < 0) return false;
  const bits = (n.length - first) * 8 - Math.clz32(n[first]!) + 24;
  const isOdd = (bytes: Uint8Array) => ((bytes.at(-1) ?? 0) & 1) === 1;
  return bits >= MIN_RSA_BITS && isOdd(n) && isOdd(e) && !(e.length === 1 && e[0] === 1);
}

function bytesOf(base64url: string): Uint8Array {
  try {
    const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
