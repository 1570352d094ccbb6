/** What an instance needs before it is given work, as `GET /readyz` asks for it. */

import { AppError } from "../errors.ts";
import type { Issuer } from "../auth/issuer.ts";
import type { RevocationList } from "../auth/revocation.ts";
import type { Check } from "../http/operator/readiness.ts";
import type { AuditLog } from "../store/audit.ts";
import type { Store } from "../store/mod.ts";

export interface CheckedParts {
  readonly store: Store;
  readonly audit: Pick<AuditLog, "writable">;
  readonly revocations: Pick<RevocationList, "healthy" | "lagSeconds">;
  /** Those of the configuration in force. */
  readonly issuers: () => readonly Issuer[];
}

/** The store can be read, what is decided can be recorded, what was revoked is known, and every issuer has keys. */
export function readinessChecks(
  { store, audit, revocations, issuers }: CheckedParts,
): Readonly<Record<string, Check>> {
  return {
    async store() {
      await store.ping();
      return undefined;
    },
    audit() {
      if (audit.writable) return Promise.resolve(undefined);
      throw new AppError("unavailable", "The audit trail cannot be written");
    },
    revocations() {
      const lag = `the list is ${revocations.lagSeconds.toFixed(1)} s old`;
      if (revocations.healthy) return Promise.resolve(lag);
      throw new AppError("unavailable", `Revocations cannot be read: ${lag}`);
    },
    keys: () => checkKeys(issuers()),
  };
}

/** Keys that are past their freshness still verify tokens, for a day; that is worth a word and no refusal. */
async function checkKeys(issuers: readonly Issuer[]): Promise<string | undefined> {
  const missing = await Promise.all(issuers.map(async ({ issuer, keys }) => {
    try {
      await keys.check();
      return undefined;
    } catch {
      return issuer;
    }
  }));
  const without = missing.filter((issuer) => issuer !== undefined);
  if (without.length > 0) {
    throw new AppError("unavailable", `The keys cannot be had of ${without.join(", ")}`);
  }
  const stale = issuers.filter(({ keys }) => keys.staleSeconds > 0)
    .map(({ issuer, keys }) => `${issuer}: keys are ${Math.round(keys.staleSeconds)} s too old`);
  return stale.length === 0 ? undefined : stale.join(", ");
}
