/** The revocations in force, arranged so that one request costs a few look-ups however many there are. */

import { CLOCK_MARGIN_MS, targetValue } from "../store/revocation.ts";
import type { Revocation, RevocationTarget } from "../store/revocation.ts";
import type { Principal } from "./principal.ts";

/** Why a verified token is refused all the same; the tags of log and audit. */
export type RevocationReason =
  | "jti_revoked"
  | "client_revoked"
  | "subject_revoked"
  | "issuer_revoked";

/** What of a principal, or of a refresh token or code, a revocation is held against. */
export type Bearer = Pick<
  Principal,
  "issuer" | "kind" | "subject" | "clientId" | "tokenId" | "issuedAt"
>;

export interface RevocationIndex {
  /** Times in milliseconds since the epoch. */
  reasonFor(bearer: Bearer, now: number): RevocationReason | undefined;
  /** Whether it was not there before. */
  put(revocation: Revocation): boolean;
  delete(id: string): void;
  /** Forgets what has ended nothing for a day. */
  sweep(now: number): void;
  /** Newest first. */
  list(now: number): readonly Revocation[];
  ids(): Iterable<string>;
  /** How many still end something. */
  inForce(now: number): number;
  readonly size: number;
}

type Kind = RevocationTarget["kind"];

/** Each value is keyed together with its issuer, so no issuer's revocation can touch another's tokens. */
export function createRevocationIndex(): RevocationIndex {
  const byId = new Map<string, Revocation>();
  const byKind: Readonly<Record<Kind, Map<string, readonly Revocation[]>>> = {
    token: new Map(),
    client: new Map(),
    subject: new Map(),
    issuer: new Map(),
  };

  function isEnded(kind: Kind, value: string, bearer: Bearer, now: number): boolean {
    const entries = byKind[kind];
    if (entries.size === 0) return false;
    const found = entries.get(keyOf(bearer.issuer, value));
    return found?.some((revocation) => ends(revocation, bearer, now)) ?? false;
  }

  function forget(id: string): void {
    const revocation = byId.get(id);
    if (revocation === undefined) return;
    byId.delete(id);
    const { kind, issuer } = revocation.target;
    const key = keyOf(issuer, targetValue(revocation.target));
    const left = byKind[kind].get(key)?.filter((other) => other.id !== id) ?? [];
    if (left.length === 0) byKind[kind].delete(key);
    else byKind[kind].set(key, left);
  }

  return {
    reasonFor(bearer, now) {
      const { tokenId, clientId, subject, kind } = bearer;
      if (tokenId !== undefined && isEnded("token", tokenId, bearer, now)) return "jti_revoked";
      if (isEnded("client", clientId, bearer, now)) return "client_revoked";
      // A client that acts for itself is named as the subject too, and is no person of that name (R94).
      if (kind === "user" && isEnded("subject", subject, bearer, now)) return "subject_revoked";
      return isEnded("issuer", "", bearer, now) ? "issuer_revoked" : undefined;
    },
    put(revocation) {
      if (byId.has(revocation.id)) return false;
      byId.set(revocation.id, revocation);
      const { kind, issuer } = revocation.target;
      const key = keyOf(issuer, targetValue(revocation.target));
      byKind[kind].set(key, [...byKind[kind].get(key) ?? [], revocation]);
      return true;
    },
    delete: forget,
    sweep(now) {
      for (const { id, expiresAt } of byId.values()) {
        if (expiresAt !== undefined && now >= expiresAt + CLOCK_MARGIN_MS) forget(id);
      }
    },
    list: (now) =>
      [...byId.values()]
        .filter((revocation) => lasts(revocation, now))
        .sort((a, b) => a.id < b.id ? 1 : -1),
    inForce(now) {
      let count = 0;
      for (const revocation of byId.values()) if (lasts(revocation, now)) count += 1;
      return count;
    },
    ids: () => byId.keys(),
    get size() {
      return byId.size;
    },
  };
}

function lasts({ expiresAt = Infinity }: Revocation, now: number): boolean {
  return now < expiresAt;
}

function ends(revocation: Revocation, bearer: Bearer, now: number): boolean {
  if (!lasts(revocation, now)) return false;
  const { issuedUntil } = revocation;
  // Issuers date tokens to the second, and some to its fractions.
  return issuedUntil === undefined || Math.floor(bearer.issuedAt) <= issuedUntil;
}

function keyOf(issuer: string, value: string): string {
  return JSON.stringify([issuer, value]);
}
