/** What the operator listener shows and steers; each part is built elsewhere. */

import type { AuditReader } from "../../store/audit.ts";
import type { NewRevocation, Revocation } from "../../store/revocation.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Readiness } from "./readiness.ts";

/** Ends and gives back access, and sees to it that every instance follows. */
export interface AccessControl {
  revoke(revocation: NewRevocation): Promise<Revocation>;
  /** Those in force, newest first. */
  list(): Promise<readonly Revocation[]>;
  /** @throws {AppError} `not_found`. */
  restore(id: string, actor: string): Promise<Revocation>;
}

/** A part that is absent has no paths. */
export interface OperatorParts {
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  readonly readiness: () => Promise<Readiness>;
  readonly access?: AccessControl;
  readonly audit?: AuditReader;
}
