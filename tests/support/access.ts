/** The revocation side of a server for tests: a store's list, what it ends, and who may change it. */

import { createAccessControl } from "../../auth/access_control.ts";
import type { AccessControl } from "../../auth/access_control.ts";
import { startRevocations } from "../../auth/revocation.ts";
import type { RevocationList } from "../../auth/revocation.ts";
import { createLiveRequests } from "../../http/live.ts";
import type { LiveRequests } from "../../http/live.ts";
import type { Store } from "../../store/mod.ts";

export interface Access {
  readonly revocations: RevocationList;
  readonly live: LiveRequests;
  readonly access: AccessControl;
}

/** Puts the parts together as `cli/app.ts` does; the caller closes `revocations` before the store. */
export async function startAccess(
  store: Pick<Store, "revocations">,
  issuers: readonly string[],
  now: () => Date,
): Promise<Access> {
  const revocations = await startRevocations({ store: store.revocations, instance: "test", now });
  const live = createLiveRequests({ check: revocations.check });
  revocations.onChange(live.endWhere);
  const access = createAccessControl({
    terms: issuers.map((issuer) => ({ issuer, maxLifetime: 86_400, clockTolerance: 30 })),
    store: store.revocations,
    list: revocations,
    now,
  });
  return { revocations, live, access };
}
