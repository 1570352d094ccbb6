/** Checks that the sender of a bound access token holds its key (RFC 9449 sections 4.3, 7 and 9). */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from "jose";
import type { CryptoKey, JWK } from "jose";
import { AppError } from "../errors.ts";
import type { ReplayStore } from "../store/replay.ts";
import { invalidToken } from "./claims.ts";
import type { Claims } from "./profiles.ts";

/** The proof algorithms that are offered and taken. */
export const DPOP_ALGORITHMS = ["ES256", "EdDSA", "Ed25519"] as const;

/** What one proof must prove. */
export interface ProofExpectation {
  readonly method: string;
  /** The resource's configured URL; never one that a request header names. */
  readonly url: string;
  readonly accessToken: string;
  /** The `cnf.jkt` of the access token (RFC 9449 section 6.1). */
  readonly thumbprint: string;
  /** Whether a nonce of ours is demanded. */
  readonly nonceRequired: boolean;
}

export interface ProofVerifierOptions {
  readonly replay: ReplayStore;
  /** At least 32 random bytes; instances that share it take each other's nonces. */
  readonly nonceKey: Uint8Array;
}

/** Throws where the proof does not hold; `now` is in seconds since the epoch. */
export type ProofVerifier = (
  proof: string | null,
  expected: ProofExpectation,
  now: number,
) => Promise<void>;

/** How far the proof's `iat` may be from our clock, in seconds (SEP-1932). */
const MAX_CLOCK_DISTANCE = 300;
const MAX_PROOF_LENGTH = 4096;
const MAX_TOKEN_ID_LENGTH = 256;
const NONCE_SECONDS = 300;
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * Builds the verifier.
 *
 * It throws {@link AppError} `invalid_dpop_proof`, `use_dpop_nonce` with a fresh nonce in `details`, `invalid_token` where
 * the proof is sound but of another key than the token's, and `unavailable` where replays cannot be told.
 */
export function createProofVerifier(options: ProofVerifierOptions): ProofVerifier {
  const { replay, nonceKey } = options;

  return async (proof, expected, now) => {
    // Two DPoP headers arrive joined by a comma, which no JWS has.
    if (proof === null || proof.length > MAX_PROOF_LENGTH || !COMPACT_JWS.test(proof)) {
      throw invalidProof("proof_syntax");
    }
    const jwk = readKey(proof);
    const claims = await verifiedClaims(proof, jwk);
    checkClaims(claims, expected, now);
    const thumbprint = await calculateJwkThumbprint(jwk, "sha256");
    if (thumbprint !== expected.thumbprint) {
      throw invalidToken("proof_of_another_key");
    }
    if (expected.nonceRequired && !isOurNonce(claims["nonce"], nonceKey, now)) {
      throw new AppError("use_dpop_nonce", "Send a proof with the nonce of the DPoP-Nonce header", {
        details: { nonce: nonceFor(nonceKey, bucketOf(now)) },
      });
    }
    const key = hash([thumbprint, claims["jti"] as string, expected.url].join("\n"));
    const fresh = await replay.claim(key, (now + 2 * MAX_CLOCK_DISTANCE) * 1000);
    if (!fresh) throw invalidProof("proof_replayed");
  };
}

/** Section 4.2: the public key stands in the header; nothing else there may lead to a key. */
function readKey(proof: string): JWK {
  let header;
  try {
    header = decodeProtectedHeader(proof);
  } catch {
    throw invalidProof("proof_header");
  }
  if (String(header.typ).toLowerCase() !== "dpop+jwt") throw invalidProof("proof_typ");
  if (!(DPOP_ALGORITHMS as readonly unknown[]).includes(header.alg)) {
    throw invalidProof("proof_alg");
  }
  if ("crit" in header || "jku" in header || "x5u" in header || "x5c" in header) {
    throw invalidProof("proof_header");
  }
  const jwk = header.jwk as JWK | undefined;
  const kty: unknown = jwk?.kty;
  if (jwk === undefined || (kty !== "EC" && kty !== "OKP") || "d" in jwk || "k" in jwk) {
    throw invalidProof("proof_key");
  }
  return jwk;
}

async function verifiedClaims(proof: string, jwk: JWK): Promise<Claims> {
  try {
    const { payload } = await compactVerify(
      proof,
      async (header) => await importJWK(jwk, header.alg) as CryptoKey,
      { algorithms: [...DPOP_ALGORITHMS] },
    );
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    if (claims !== null && typeof claims === "object" && !Array.isArray(claims)) {
      return claims as Claims;
    }
  } catch {
    throw invalidProof("proof_signature");
  }
  throw invalidProof("proof_claims");
}

function checkClaims(claims: Claims, expected: ProofExpectation, now: number): void {
  const { jti, htm, htu, iat, ath } = claims;
  if (typeof jti !== "string" || jti === "" || jti.length > MAX_TOKEN_ID_LENGTH) {
    throw invalidProof("proof_jti");
  }
  if (htm !== expected.method) throw invalidProof("proof_htm");
  if (!isTarget(htu, expected.url)) throw invalidProof("proof_htu");
  if (typeof iat !== "number" || !(Math.abs(now - iat) <= MAX_CLOCK_DISTANCE)) {
    throw invalidProof("proof_iat");
  }
  if (ath !== hash(expected.accessToken)) throw invalidProof("proof_ath");
}

/** Section 4.3 asks for normalization before comparing (RFC 3986 section 6.2), section 4.2 for neither query nor fragment. */
function isTarget(htu: unknown, url: string): boolean {
  return typeof htu === "string" && !/[?#]/.test(htu) && URL.parse(htu)?.href === url;
}

/** Nonces are not kept: each is a MAC over its five minutes, and the last two are taken. */
function nonceFor(key: Uint8Array, bucket: number): string {
  return createHmac("sha256", key).update(`dpop-nonce ${bucket}`).digest("base64url");
}

function isOurNonce(nonce: unknown, key: Uint8Array, now: number): boolean {
  if (typeof nonce !== "string") return false;
  const bucket = bucketOf(now);
  return [bucket, bucket - 1].some((candidate) => {
    const ours = new TextEncoder().encode(nonceFor(key, candidate));
    const theirs = new TextEncoder().encode(nonce);
    return ours.length === theirs.length && timingSafeEqual(ours, theirs);
  });
}

function bucketOf(now: number): number {
  return Math.floor(now / NONCE_SECONDS);
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function invalidProof(reason: string): AppError {
  return new AppError("invalid_dpop_proof", "The DPoP proof is missing or does not hold", {
    reason,
  });
}
