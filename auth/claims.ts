/** Checks the claims of an access token and reads the principal from them (RFC 9068 section 4, RFC 8725 section 3). */

import { AppError } from "../errors.ts";
import type { Principal } from "./principal.ts";
import { isTyped } from "./profiles.ts";
import type { ClaimRule, Claims, IssuerProfile } from "./profiles.ts";

/** What the claims of a token are held against. Durations are in seconds. */
export interface ClaimRules {
  readonly issuer: string;
  readonly profile: IssuerProfile;
  /** Exact audience values, of which the token must name one. */
  readonly audiences: ReadonlySet<string>;
  /** Refuses a token that names a further audience, other than those which the issuer adds by itself. */
  readonly strictAudience: boolean;
  readonly clockTolerance: number;
  /** The longest time from `iat` to `exp`, and the greatest age. */
  readonly maxLifetime: number;
}

/** What a refused token looks like from outside: always the same; only `reason` differs, for log and audit. */
export function invalidToken(reason: string): AppError {
  return new AppError("invalid_token", "The access token is invalid or expired", { reason });
}

/**
 * Returns the principal of a token whose claims hold at `now` (seconds since the epoch).
 *
 * @throws {AppError} `invalid_token`.
 */
export function checkClaims(claims: Claims, rules: ClaimRules, now: number): Principal {
  if (claims["iss"] !== rules.issuer) throw invalidToken("iss_mismatch");
  checkAudience(claims["aud"], rules);
  const { issuedAt, expiresAt } = checkTimes(claims, rules, now);
  // A claim that only ID tokens and logout tokens carry: such a token names a person, it does not grant anything.
  for (const foreign of ["nonce", "at_hash", "c_hash", "events"]) {
    if (claims[foreign] !== undefined) throw invalidToken("not_an_access_token");
  }

  const { profile } = rules;
  if (profile.mark && !profile.mark.values.includes(claims[profile.mark.claim] as string)) {
    throw invalidToken(`${profile.mark.claim}_not_expected`);
  }
  const subject = identifier(claims, "sub");
  const clientId = identifier(claims, profile.clientId);
  const agreeing = profile.clientIdAgrees && claims[profile.clientIdAgrees];
  if (agreeing !== undefined && agreeing !== clientId) throw invalidToken("client_id_mismatch");
  // OpenID Connect Core section 2: an ID token is for the client itself.
  if (!isTyped(profile) && namedAudiences(claims["aud"]).includes(clientId)) {
    throw invalidToken("aud_is_client");
  }
  const tokenId = claims[profile.tokenId.claim] === undefined && !profile.tokenId.required
    ? undefined
    : identifier(claims, profile.tokenId.claim);
  const kind = profile.isClient(claims, clientId) ? "client" : "user";
  return Object.freeze({
    issuer: rules.issuer,
    kind,
    subject,
    clientId,
    scopes: readScopes(claims, profile.scopes[kind], isTyped(profile)),
    tokenId,
    issuedAt,
    expiresAt,
  });
}

function checkAudience(aud: unknown, rules: ClaimRules): void {
  const named = namedAudiences(aud);
  if (named.length === 0) throw invalidToken("aud_missing");
  if (!named.every((value) => typeof value === "string")) throw invalidToken("aud_malformed");
  const others = named.filter((value) => !rules.audiences.has(canonicalAudience(value)));
  if (others.length === named.length) throw invalidToken("aud_mismatch");
  if (!rules.strictAudience) return;
  const added = rules.profile.addedAudiences?.(rules.issuer) ?? [];
  if (others.some((value) => !added.includes(value))) throw invalidToken("aud_several");
}

function namedAudiences(aud: unknown): readonly string[] {
  if (typeof aud === "string") return [aud];
  return Array.isArray(aud) ? aud : [];
}

/** Scheme and host compare without case (RFC 3986 section 6.2.2.1), everything after them exactly. */
export function canonicalAudience(value: string): string {
  // ASCII only: lower case of U+212A is the letter k of another host.
  const origin = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#@\u0080-\uFFFF]*/.exec(value)?.[0];
  return origin === undefined ? value : origin.toLowerCase() + value.slice(origin.length);
}

function checkTimes(
  claims: Claims,
  rules: ClaimRules,
  now: number,
): { issuedAt: number; expiresAt: number } {
  const expiresAt = numericDate(claims, "exp");
  const issuedAt = numericDate(claims, "iat");
  if (isExpired(expiresAt, rules.clockTolerance, now)) throw invalidToken("expired");
  if (issuedAt > now + rules.clockTolerance) throw invalidToken("iat_in_future");
  if (expiresAt - issuedAt > rules.maxLifetime) throw invalidToken("lifetime_too_long");
  if (now - issuedAt > rules.maxLifetime + rules.clockTolerance) throw invalidToken("too_old");
  if (claims["nbf"] !== undefined && numericDate(claims, "nbf") > now + rules.clockTolerance) {
    throw invalidToken("not_yet_valid");
  }
  return { issuedAt, expiresAt };
}

export function isExpired(expiresAt: number, clockTolerance: number, now: number): boolean {
  return now >= expiresAt + clockTolerance;
}

/** JSON reads 1e999 as Infinity: a token that never expires, unless the number is held to be a safe one. */
function numericDate(claims: Claims, claim: string): number {
  const value = claims[claim];
  if (typeof value !== "number" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw invalidToken(`${claim}_malformed`);
  }
  return value;
}

/** Identifiers end in logs, audit records and queries: bounded, and free of control and format characters. */
const IDENTIFIER = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u;

function identifier(claims: Claims, claim: string): string {
  const value = claims[claim];
  if (typeof value !== "string" || !IDENTIFIER.test(value)) {
    throw invalidToken(`${claim}_malformed`);
  }
  return value;
}

/** A profile names one claim and one form; another form is a broken issuer, not a token without scopes. */
export function readScopes(
  claims: Claims,
  rule: ClaimRule,
  optional: boolean,
): readonly string[] {
  const value = claims[rule.claim];
  if (value === undefined && optional) return [];
  if (rule.form === "string" && typeof value === "string") {
    return value.split(" ").filter((token) => token !== "");
  }
  if (
    rule.form === "array" && Array.isArray(value) && value.every((item) => typeof item === "string")
  ) return value;
  throw invalidToken("scope_malformed");
}
