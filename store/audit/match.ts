/** Tells whether a record meets the filters of a query, and when no older one can. */

import { AppError } from "../../errors.ts";
import type { AuditQuery, AuditRecord } from "../audit.ts";
import { visible } from "./record.ts";

export interface Matcher {
  matches(record: AuditRecord): boolean;
  /** False only for the line of a record that neither matches nor ends the search; cheap. */
  mayMatter(line: string): boolean;
  /** Whether all records before this one in its chain are too old. */
  endsAt(record: AuditRecord): boolean;
}

/** @throws {AppError} `invalid_input` for a time that is none. */
export function createMatcher(query: AuditQuery): Matcher {
  const { clientId, subject, tool, event, decision, reason, requestId, ownedBy } = query;
  const since = timeOf(query.since, "since");
  const until = timeOf(query.until, "until");
  const ownSubject = ownedBy?.kind === "user" ? ownedBy.subject : undefined;
  const own = [ownedBy?.clientId, ownSubject];
  const needles = [clientId, subject, tool, event, decision, reason, requestId, ...own]
    .filter((value) => value !== undefined)
    .map((value) => visible(JSON.stringify(value)));

  const wanted = (filter: unknown, value: unknown) => filter === undefined || filter === value;

  return {
    mayMatter: (line) =>
      needles.every((needle) => line.includes(needle)) ||
      since !== undefined && line.includes('"event":"audit.'),

    // `time` is when something began, which may be long before it was recorded; the log's own records are written at
    // their time.
    endsAt: ({ event, time }) =>
      since !== undefined && event.startsWith("audit.") && Date.parse(time) < since,

    matches(record) {
      const { principal } = record;
      const time = Date.parse(record.time);
      return wanted(clientId, principal?.clientId) && wanted(subject, principal?.subject) &&
        wanted(tool, record.tool?.name) && wanted(event, record.event) &&
        wanted(decision, record.decision) && wanted(reason, record.reason) &&
        wanted(requestId, record.request?.id) &&
        (since === undefined || time >= since) && (until === undefined || time < until) &&
        (ownedBy === undefined || isOwned(record, ownedBy));
    },
  };
}

function isOwned(
  { principal }: AuditRecord,
  owner: NonNullable<AuditQuery["ownedBy"]>,
): boolean {
  return principal?.issuer === owner.issuer && principal.kind === owner.kind &&
    principal.clientId === owner.clientId &&
    (owner.kind === "client" || principal.subject === owner.subject);
}

function timeOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new AppError("invalid_input", `${name} must be a time such as 2025-01-31T09:00:00Z`, {
    reason: "audit_time",
  });
}
