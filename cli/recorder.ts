/** Takes down what the pipeline decided: a record in the audit trail, a line in the log, a count in the metrics. */

import type { AuthorizationAudit } from "../auth/embedded/events.ts";
import type { OperatorRecorder } from "../http/operator/parts.ts";
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

export interface OwnRecorder extends Recorder, AuthorizationAudit {
  readonly operator: OperatorRecorder;
  /** Reports what was counted. */
  close(): Promise<void>;
}

/** Builds the recorder; whoever sends too much from one address does not fill the disk, but is counted. */
export function createRecorder({ audit, metrics, logger, now }: RecorderParts): OwnRecorder {
  const suppressionOf = (actor: string, reason: string, recorded: number) =>
    createSuppression({
      now,
      recorded,
      report: ({ peer, count, since }) =>
        audit.record(ownEvent({
          event: "requests.suppressed",
          actor,
          decision: "deny",
          reason,
          details: { peer, count, since: since.toISOString() },
        }, now())),
    });
  const floods = suppressionOf("server", FLOOD, 1);
  // Nobody limits these but the clients' secrets, which are too long to be guessed.
  const refusals = suppressionOf("authorization-server", "refused", REFUSALS_IN_A_MINUTE);
  const strangers = suppressionOf("server", "operator_refused", OPERATOR_REFUSALS_IN_A_MINUTE);
  return {
    fingerprint: audit.fingerprint,
    get writable() {
      return audit.writable;
    },
    record(event) {
      metrics.request(measureOf(event));
      const flood = event.reason === FLOOD && !floods.refused(event.request?.peer ?? "");
      if (flood) return;
      if (event.event !== "request.served") audit.record(event);
      logger.info("request", logFields(event));
    },
    refuse(event, peer) {
      if (refusals.refused(peer)) audit.record(event);
    },
    operator: {
      record: (event) => audit.record(event),
      refuse(event, peer) {
        if (strangers.refused(peer)) audit.record(event);
      },
    },
    close() {
      floods.flush();
      refusals.flush();
      strangers.flush();
      return Promise.resolve();
    },
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

/** Of one address, at the embedded authorization server. */
const REFUSALS_IN_A_MINUTE = 100;
/** At the operator's listener, where nobody but the operator has business. */
const OPERATOR_REFUSALS_IN_A_MINUTE = 10;
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
