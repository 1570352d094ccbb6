/** Revocations: whose access ended, why, and until when that has to be remembered. */

/** What a revocation ends, always within one issuer. */
export type RevocationTarget =
  | { readonly kind: "token"; readonly issuer: string; readonly tokenId: string }
  | { readonly kind: "client"; readonly issuer: string; readonly clientId: string }
  | { readonly kind: "subject"; readonly issuer: string; readonly subject: string }
  | { readonly kind: "issuer"; readonly issuer: string };

/** What a target names within its issuer; empty for the issuer as a whole. */
export function targetValue(target: RevocationTarget): string {
  switch (target.kind) {
    case "token":
      return target.tokenId;
    case "client":
      return target.clientId;
    case "subject":
      return target.subject;
    case "issuer":
      return "";
  }
}

/** UTF-16 units of the text that tells people why. */
export const MAX_REASON_LENGTH = 256;

/** How long what has expired is kept: a clock that jumped ahead must not bring back what is revoked. */
export const CLOCK_MARGIN_MS = 86_400_000;

export interface NewRevocation {
  readonly target: RevocationTarget;
  /** For people; not empty, on one line, at most `MAX_REASON_LENGTH`. */
  readonly reason: string;
  /** Who did it: `operator`, `cli`, `authorization-server`, `client` (of its own tokens), or a principal's key. */
  readonly actor: string;
  /**
   * NumericDate in seconds: ends what was issued before or at this time. Absent for a token, and for a client or subject
   * that stays shut out until it is restored.
   */
  readonly issuedUntil?: number;
  /** Milliseconds since the epoch: from then on every token that it ends has expired. Absent where it stays. */
  readonly expiresAt?: number;
}

export interface Revocation extends NewRevocation {
  /** `rev_` and 26 characters. */
  readonly id: string;
  /** RFC 3339. */
  readonly createTime: string;
}

/** What changed in the list after a revision. */
export interface RevocationChanges {
  /** Grows with each change; 0 for the empty list. */
  readonly revision: number;
  readonly added: readonly Revocation[];
  /** Ids. */
  readonly removed: readonly string[];
}

/** The list in the store, which all instances share. */
export interface RevocationStore {
  /**
   * Adds one; where an equal or wider one of the same target stands, that one is returned and nothing changes.
   *
   * @throws {AppError} `unavailable` with reason `revocations_full`; clients, and after them the authorization server,
   * are refused while there is room for others, and the last tenth of the room is not for tokens.
   */
  add(revocation: NewRevocation): Promise<Revocation>;
  /** `not_found` where there is none. */
  find(id: string): Promise<Revocation>;
  /** `not_found` where there is none. Returns the removed one. */
  remove(id: string): Promise<Revocation>;
  /** Those that were not removed, newest first; for a day also what has expired, as a clock may have been wrong. */
  list(): Promise<readonly Revocation[]>;
  /** Everything after `revision`; all that `list` has where it is 0. Removals are told for ten minutes. */
  changesSince(revision: number): Promise<RevocationChanges>;
  /** Says that this instance enforces everything up to `revision`. */
  acknowledge(instance: string, revision: number): Promise<void>;
  /** Says that this instance stops, so that nobody waits for it. */
  leave(instance: string): Promise<void>;
  /** The instances that acknowledged something within so many milliseconds, with the revision that each has. */
  instances(withinMs: number): Promise<readonly { instance: string; revision: number }[]>;
}
