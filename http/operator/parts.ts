/** What the operator listener shows and steers; each part is built elsewhere. */

import type { AccessControl } from "../../auth/access_control.ts";
import type { AuditReader } from "../../store/audit.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Readiness } from "./readiness.ts";

/** A part that is absent has no paths. */
export interface OperatorParts {
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  readonly readiness: () => Promise<Readiness>;
  readonly access?: Pick<AccessControl, "revoke" | "list" | "restore">;
  readonly audit?: AuditReader;
}
