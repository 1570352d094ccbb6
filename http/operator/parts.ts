/** What the operator listener shows and steers; each part is built elsewhere. */

import type { AccessControl } from "../../auth/access_control.ts";
import type { AuditEvent, AuditReader } from "../../store/audit.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Readiness } from "./readiness.ts";

/** Takes down who asked what of the operator's listener. */
export interface OperatorRecorder {
  /** A request with the operator's credential, whatever came of it. */
  record(event: AuditEvent): void;
  /** A refusal; everybody on the machine can cause them, so what is too many is counted instead. */
  refuse(event: AuditEvent): void;
}

/** A part that is absent has no paths. */
export interface OperatorParts {
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  readonly readiness: () => Promise<Readiness>;
  readonly recorder: OperatorRecorder;
  /** Whether the server is about to close its audit trail, so that nothing may be changed any more. */
  readonly stopping: () => boolean;
  readonly access?: Pick<AccessControl, "revoke" | "list" | "restore">;
  readonly audit?: AuditReader;
}
