/** What the audit log is told of the revocation list, whoever changes it. */

import type { AuditEvent, AuditLog, JsonValue } from "../store/audit.ts";
import type { NewRevocation, RevocationStore } from "../store/revocation.ts";

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

/**
 * Takes down that access is about to come back.
 *
 * @throws {AppError} `unavailable` where the record cannot be made durable; access must then not come back.
 */
export async function commitRestoring(
  audit: RevocationAudit,
  id: string,
  actor: string,
  now: Date,
): Promise<void> {
  await audit.commit(eventOf("access.restored", actor, { revocation: id }, now));
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
