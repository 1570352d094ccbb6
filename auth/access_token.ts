/** Verifies JWT access tokens of the configured issuers (RFC 9068 section 4, RFC 8725). */

import { compactVerify, decodeProtectedHeader, errors as jose } from "jose";
import type { JWSHeaderParameters } from "jose";
import { AppError } from "../errors.ts";
import { checkClaims, invalidToken } from "./claims.ts";
import type { Issuer } from "./issuer.ts";
import type { Principal } from "./principal.ts";
import type { Claims } from "./profiles.ts";

/** What a token says once it is verified. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  readonly principal: Principal;
  /** The thumbprint of the key that the token is bound to (RFC 9449 section 6.1); undefined for a bearer token. */
  readonly boundTo: string | undefined;
  /** How long the answer of the issuer may be believed, in seconds; undefined where a signature says it all. */
  readonly believedSeconds?: number;
}

/** A token longer than this is refused before anything is decoded, or asked of an issuer. */
export const MAX_TOKEN_LENGTH = 8192;
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Whether a token has the three parts of a signed JWT; anything else is opaque to us. */
export function isCompactJws(token: string): boolean {
  return COMPACT_JWS.test(token);
}

/**
 * Returns what an access token says that an issuer of the map signed for this resource.
 *
 * The issuer is chosen by the unverified `iss` and then the token is held against that issuer's rules and keys alone, so
 * that one issuer cannot speak for another. Claims are checked before the signature, which costs far more.
 *
 * @throws {AppError} `invalid_token`, or `unavailable` where the issuer's keys cannot be had.
 */
export async function verifyAccessToken(
  token: string,
  issuers: ReadonlyMap<string, Issuer>,
  now: number,
): Promise<VerifiedToken> {
  if (token.length > MAX_TOKEN_LENGTH) throw invalidToken("too_long");
  if (!isCompactJws(token) || !token.split(".").every(isCanonicalBase64url)) {
    throw invalidToken("not_a_jws");
  }
  const header = decodeHeader(token);
  const claims = decodeClaims(token);
  const issuer = typeof claims["iss"] === "string" ? issuers.get(claims["iss"]) : undefined;
  if (issuer === undefined) throw invalidToken("iss_unknown");
  checkHeader(header, issuer);
  const principal = checkClaims(claims, issuer, now);
  const boundTo = readConfirmation(claims);
  await verifySignature(token, issuer);
  return { issuer, principal, boundTo };
}

/** What a JWT says of itself, for a person to read: nothing of it is verified. Throws as verification does. */
export function readUnverified(token: string): { header: JWSHeaderParameters; claims: Claims } {
  return { header: decodeHeader(token), claims: decodeClaims(token) };
}

/** RFC 7800 section 3.1: a confirmation that we cannot check, or more than one, makes the token unusable here. */
export function readConfirmation(claims: Claims): string | undefined {
  const confirmation = claims["cnf"];
  if (confirmation === undefined) return undefined;
  if (confirmation !== null && typeof confirmation === "object") {
    const members = Object.entries(confirmation);
    const [name, value] = members[0] ?? [];
    if (members.length === 1 && name === "jkt" && /^[A-Za-z0-9_-]{43}$/.test(String(value))) {
      return String(value);
    }
  }
  throw invalidToken("cnf_not_supported");
}

function checkHeader(header: JWSHeaderParameters, issuer: Issuer): void {
  if (typeof header.alg !== "string" || !issuer.algorithms.includes(header.alg)) {
    throw invalidToken("alg_not_allowed");
  }
  const type: unknown = header.typ;
  if (type !== undefined && typeof type !== "string") throw invalidToken("typ_malformed");
  if (!issuer.profile.types.includes(type?.toLowerCase())) throw invalidToken("typ_not_allowed");
  const kid: unknown = header.kid;
  if (kid !== undefined && (typeof kid !== "string" || kid.length > 256)) {
    throw invalidToken("kid_malformed");
  }
  // Nothing we know of is critical, and RFC 7797 has no place in a JWT.
  if ("crit" in header || "b64" in header) throw invalidToken("crit_not_supported");
  // RFC 7519 section 5.2: this would be another JWT, not claims.
  if (/^(application\/)?jwt$/i.test(String(header.cty))) throw invalidToken("nested");
}

async function verifySignature(token: string, issuer: Issuer): Promise<void> {
  try {
    await compactVerify(token, (header) => issuer.keys.keyFor(header), {
      algorithms: [...issuer.algorithms],
    });
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof jose.JWSSignatureVerificationFailed) {
      throw invalidToken("signature_mismatch");
    }
    throw invalidToken("signature_unverifiable");
  }
}

function decodeHeader(token: string): JWSHeaderParameters {
  try {
    return decodeProtectedHeader(token) as JWSHeaderParameters;
  } catch {
    throw invalidToken("header_malformed");
  }
}

function decodeClaims(token: string): Claims {
  const payload = token.slice(token.indexOf(".") + 1, token.lastIndexOf("."));
  try {
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (claims !== null && typeof claims === "object" && !Array.isArray(claims)) {
      return claims as Claims;
    }
  } catch {
    // Falls through to the one refusal below.
  }
  throw invalidToken("claims_malformed");
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Unused trailing bits must be zero, or one token has many spellings (RFC 4648 section 3.5). */
function isCanonicalBase64url(segment: string): boolean {
  const unusedBits = { 0: 0, 1: -1, 2: 4, 3: 2 }[segment.length % 4]!;
  if (unusedBits < 0) return false;
  const last = BASE64URL.indexOf(segment.charAt(segment.length - 1));
  return (last & ((1 << unusedBits) - 1)) === 0;
}
