/** The log line of a request: its audit event, flat and without what only the audit trail is for. */

import type { AuditEvent } from "../store/audit.ts";

/** Names as in the log since the first release. */
export function logFields(event: AuditEvent): Record<string, unknown> {
  const { request, tool, principal, outcome } = event;
  return {
    requestId: request?.id,
    ...(request?.traceId !== undefined && { traceId: request.traceId }),
    peer: request?.peer,
    httpMethod: request?.httpMethod,
    path: request?.path,
    status: outcome?.status,
    decision: event.decision,
    reason: event.reason,
    ...(request?.rpcMethod !== undefined && { era: request.era, rpcMethod: request.rpcMethod }),
    ...(tool && { tool: tool.name }),
    ...(principal && {
      issuer: principal.issuer,
      kind: principal.kind,
      subject: principal.subject,
      clientId: principal.clientId,
    }),
    durationMs: outcome?.durationMs,
  };
}
