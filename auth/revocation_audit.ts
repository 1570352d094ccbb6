/** What the audit log is told of the revocation list, whoever changes it. */

import { toAppError } from "../errors.ts";
import type { AuditEvent, AuditLog, JsonValue } from "../store/audit.ts";
import type { NewRevocation, Revocation, RevocationStore } from "../store/revocation.ts";

/** What of the audit log is needed here. */
export type RevocationAudit = Pick<AuditLog, "record" | "commit" | "fingerprint">;

/** The same store, with each addition in the log: a revocation must not fail for want of a record, so that comes second. */
export function recordingRevocations(
  store: RevocationStore,
  audit: RevocationAudit,
  now: () => Date,
): RevocationStore {
  return {
    ...store,
    async add(wanted) {
      const revocation = await store.add(wanted);
      const details = { revocation: revocation.id, ...describe(wanted, audit) };
      audit.record(eventOf("access.revoked", wanted.actor, details, now()));
      return revocation;
    },
  };
}

export interface Restoring {
  readonly id: string;
  readonly actor: string;
  readonly now: () => Date;
  /** Gives the access back. */
  remove(): Promise<Revocation>;
}

/**
 * Takes down that access comes back, and only then gives it back; where that fails after all, a second record says so.
 *
 * @throws {AppError} `unavailable` where the record cannot be made durable, and then nothing was done; and as `remove` does.
 */
export async function recordedRestoring(
  audit: RevocationAudit,
  { id, actor, now, remove }: Restoring,
): Promise<Revocation> {
  const details = { revocation: id };
  await audit.commit(eventOf("access.restored", actor, details, now()));
  try {
    return await remove();
  } catch (error) {
    const failed = { decision: "fail", reason: toAppError(error).reason } as const;
    audit.record({ ...eventOf("access.restored", actor, details, now()), ...failed });
    throw error;
  }
}

type Details = Readonly<Record<string, JsonValue>>;

function eventOf(
  event: "access.revoked" | "access.restored",
  actor: string,
  details: Details,
  time: Date,
): AuditEvent {
  return { event, time: time.toISOString(), decision: "allow", reason: "ok", actor, details };
}

function describe(
  { target, reason, issuedUntil, expiresAt }: NewRevocation,
  audit: RevocationAudit,
): Details {
  // Other records name a token by its fingerprint too.
  const named = target.kind === "token"
    ? { ...target, tokenId: audit.fingerprint(target.tokenId) }
    : target;
  return {
    ...named,
    why: reason,
    ...(issuedUntil !== undefined && { issuedUntil }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
