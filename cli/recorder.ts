/** Takes down what the pipeline decided: a record in the audit trail, a line in the log, a count in the metrics. */

import type { Recorder } from "../http/record.ts";
import { createSuppression } from "../http/suppression.ts";
import type { AuditEvent, AuditLog } from "../store/audit.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics, RequestMeasure } from "../telemetry/metrics.ts";
import { ownEvent } from "./audit_events.ts";

export interface RecorderParts {
  readonly audit: AuditLog;
  readonly metrics: Pick<Metrics, "request">;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Builds the recorder; whoever sends too much from one address does not fill the disk, but is counted. */
export function createRecorder(
  { audit, metrics, logger, now }: RecorderParts,
): Recorder & { close(): Promise<void> } {
  const suppression = createSuppression({
    now,
    report: ({ peer, count, since }) =>
      audit.record(ownEvent({
        event: "requests.suppressed",
        actor: "server",
        decision: "deny",
        reason: FLOOD,
        details: { peer, count, since: since.toISOString() },
      }, now())),
  });
  return {
    fingerprint: audit.fingerprint,
    get writable() {
      return audit.writable;
    },
    record(event) {
      metrics.request(measureOf(event));
      const flood = event.reason === FLOOD && !suppression.refused(event.request?.peer ?? "");
      if (flood) return;
      if (event.event !== "request.served") audit.record(event);
      logger.info("request", logFields(event));
    },
    close: () => Promise.resolve(suppression.flush()),
  };
}

function measureOf({ decision, reason, request, tool, outcome }: AuditEvent): RequestMeasure {
  return {
    decision,
    reason,
    era: request?.era,
    method: request?.rpcMethod,
    tool: tool?.name,
    seconds: (outcome?.durationMs ?? 0) / 1000,
  };
}

const FLOOD = "rate_limited_address";

/** The event, flat and without what only the audit trail is for; names as in the log since the first release. */
function logFields(event: AuditEvent): Record<string, unknown> {
  const { request, tool, resource, prompt, principal, outcome } = event;
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
    ...(resource && { resource: resource.name }),
    ...(prompt && { prompt: prompt.name }),
    ...(principal && {
      issuer: principal.issuer,
      kind: principal.kind,
      subject: principal.subject,
      clientId: principal.clientId,
    }),
    durationMs: outcome?.durationMs,
  };
}
