/** Takes down what the pipeline decided: a record in the audit trail, a line in the log, a count in the metrics. */

import type { AuthorizationAudit } from "../auth/embedded/events.ts";
import type { OperatorRecorder } from "../http/operator/parts.ts";
import type { Recorder } from "../http/record.ts";
import { createSuppression } from "../http/suppression.ts";
import type { AuditEvent, AuditLog } from "../store/audit.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics, RequestMeasure } from "../telemetry/metrics.ts";
import { ownEvent } from "./audit_events.ts";
import { createRefusalBound } from "./refusal_bound.ts";
import type { CountedRefusals, RefusalBound } from "./refusal_bound.ts";

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

/** Builds the recorder; strangers, whom anybody can be as often as they like, do not fill the disk, but are counted. */
export function createRecorder({ audit, metrics, logger, now }: RecorderParts): OwnRecorder {
  const floods = createSuppression({
    now,
    maxPeers: MAX_FLOODING_PEERS,
    report: ({ peer, count, since }) =>
      suppressed({ actor: "server", decision: "deny", reason: FLOOD }, { peer, count }, since),
  });
  const strangers = boundOf(RECORDED_STRANGERS);
  // A flood on the public listener must not hide who tries the operator's.
  const atOperator = boundOf(RECORDED_AT_OPERATOR);

  function boundOf(recorded: number): RefusalBound {
    return createRefusalBound({
      now,
      recorded,
      report: ({ count, since, ...kind }) => suppressed(kind, { count }, since),
    });
  }

  function suppressed(
    kind: Pick<CountedRefusals, "actor" | "decision" | "reason">,
    details: Readonly<Record<string, string | number>>,
    since: Date,
  ): void {
    audit.record(ownEvent({
      event: "requests.suppressed",
      ...kind,
      details: { ...details, since: since.toISOString() },
    }, now()));
  }

  return {
    fingerprint: audit.fingerprint,
    get writable() {
      return audit.writable;
    },
    record(event) {
      metrics.request(measureOf(event));
      const flood = event.reason === FLOOD && !floods.refused(event.request?.peer ?? "");
      if (flood) return;
      const isDecision = event.event !== "request.served";
      if (isDecision && (event.principal || strangers.takes(event))) audit.record(event);
      logger.info("request", logFields(event));
    },
    refuse(event) {
      // Who authenticated here may have registered itself a moment ago.
      if (strangers.takes(event)) audit.record(event);
    },
    operator: {
      record: (event) => audit.record(event),
      refuse(event) {
        if (atOperator.takes(event)) audit.record(event);
      },
    },
    close() {
      floods.flush();
      strangers.flush();
      atOperator.flush();
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

/** Of one minute, from all who are not known. */
const RECORDED_STRANGERS = 100;
/** At the operator's listener, where nobody but the operator has business. */
const RECORDED_AT_OPERATOR = 10;
/** Told apart in a minute, as each leaves a record. */
const MAX_FLOODING_PEERS = 100;
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
