/** Audit events of what the server and its operator do, where no request is behind it. */

import type { AuditEvent, JsonValue } from "../store/audit.ts";

/** What happened; it was allowed unless it says otherwise. */
export type OwnEvent =
  & Pick<AuditEvent, "event" | "actor">
  & Partial<Pick<AuditEvent, "decision" | "reason">>
  & { readonly details: { readonly [name: string]: JsonValue } };

/** Fills in what all of them have. */
export function ownEvent(event: OwnEvent, now: Date): AuditEvent {
  return { decision: "allow", reason: "ok", ...event, time: now.toISOString() };
}
