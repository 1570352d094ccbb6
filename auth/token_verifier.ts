/** Verifies a token of any kind, once a minute: the cache stands before signatures and introspection, never before policy. */

import { createHash } from "node:crypto";
import { AppError } from "../errors.ts";
import {
  isCompactJws,
  MAX_TOKEN_LENGTH,
  readConfirmation,
  verifyAccessToken,
} from "./access_token.ts";
import type { VerifiedToken } from "./access_token.ts";
import { createBoundedCache } from "./bounded_cache.ts";
import { invalidToken, isExpired } from "./claims.ts";
import type { Issuer } from "./issuer.ts";

export interface TokenVerifierOptions {
  readonly issuers: readonly Issuer[];
  /** Absent where every request is verified in full. */
  readonly cache?: CacheOptions;
  /** Told how each check ended; `unavailable` where nobody could tell. */
  readonly onChecked?: (result: "cached" | "verified" | "refused" | "unavailable") => void;
}

export interface CacheOptions {
  readonly maxEntries: number;
  /** At most 60: the longest that a verification is believed. */
  readonly maxSeconds: number;
}

export const DEFAULT_CACHE: CacheOptions = { maxEntries: 10_000, maxSeconds: 60 };

/** Returns what a token says; `now` is in seconds since the epoch. */
export type TokenVerifier = (token: string, now: number) => Promise<VerifiedToken>;

interface CachedToken extends VerifiedToken {
  /** The keys that it was verified with; under other keys it is verified again. */
  readonly generation: number;
}

/** Longer tokens are verified each time, so that a few cannot fill the memory. */
const MAX_CACHED_LENGTH = 4096;
const MAX_INACTIVE = 1000;
const INACTIVE_SECONDS = 5;

/**
 * Builds the verifier; only tokens that were verified are cached, under the SHA-256 of the token.
 *
 * @throws {AppError} `invalid_request` where no issuer is given, one is given twice, or two could own an opaque token.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, issuer]));
  if (issuers.size === 0) throw new AppError("invalid_request", "No issuer is configured");
  if (issuers.size !== options.issuers.length) {
    throw new AppError("invalid_request", "An issuer is configured twice");
  }
  const introspecting = options.issuers.filter((issuer) => issuer.introspect !== undefined);
  if (introspecting.length > 1) {
    throw new AppError(
      "invalid_request",
      "Two issuers have introspection; an opaque token does not tell whose it is",
    );
  }
  const { cache, onChecked } = options;
  const verified = createBoundedCache<CachedToken>(cache?.maxEntries ?? 0);
  const inactive = createBoundedCache<true>(MAX_INACTIVE);

  async function verifyOpaque(token: string, key: string, now: number): Promise<VerifiedToken> {
    const [issuer] = introspecting;
    if (issuer?.introspect === undefined) throw invalidToken("not_a_jws");
    if (token.length > MAX_TOKEN_LENGTH) throw invalidToken("too_long");
    if (inactive.get(key, now)) throw invalidToken("token_inactive");
    try {
      const { principal, claims, believedSeconds } = await issuer.introspect(token, now);
      return { issuer, principal, boundTo: readConfirmation(claims), believedSeconds };
    } catch (error) {
      if (error instanceof AppError && error.code === "invalid_token") {
        inactive.set(key, true, now + INACTIVE_SECONDS);
      }
      throw error;
    }
  }

  async function verifyAnew(token: string, key: string, now: number): Promise<VerifiedToken> {
    const result = isCompactJws(token)
      ? await verifyAccessToken(token, issuers, now)
      : await verifyOpaque(token, key, now);
    if (cache !== undefined && token.length <= MAX_CACHED_LENGTH) {
      const { issuer, principal, believedSeconds = cache.maxSeconds } = result;
      const until = Math.min(
        principal.expiresAt,
        now + Math.min(cache.maxSeconds, believedSeconds),
      );
      verified.set(key, { ...result, generation: issuer.keys.generation }, until);
    }
    return result;
  }

  async function verify(token: string, now: number): Promise<VerifiedToken> {
    const key = createHash("sha256").update(token).digest("base64url");
    const known = verified.get(key, now);
    if (known === undefined || known.generation !== known.issuer.keys.generation) {
      const result = await verifyAnew(token, key, now);
      onChecked?.("verified");
      return result;
    }
    if (isExpired(known.principal.expiresAt, known.issuer.clockTolerance, now)) {
      throw invalidToken("expired");
    }
    onChecked?.("cached");
    return known;
  }

  if (onChecked === undefined) return verify;
  return async (token, now) => {
    try {
      return await verify(token, now);
    } catch (error) {
      const isRefusal = error instanceof AppError && error.code === "invalid_token";
      onChecked(isRefusal ? "refused" : "unavailable");
      throw error;
    }
  };
}
