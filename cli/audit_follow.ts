/** Yields what is added to an audit trail, by whatever process. */

import type { AuditRecord } from "../store/audit.ts";
import { createMatcher } from "../store/audit/match.ts";
import { recordOf } from "../store/audit/record.ts";
import type { AuditStorage } from "../store/audit/storage.ts";
import type { Filters } from "./audit_filters.ts";

/** The last record of each chain that was seen. */
export type Seen = Map<string, number>;

/** Where the chains end now. */
export async function endsOf(storage: AuditStorage): Promise<Seen> {
  const seen: Seen = new Map();
  for (const chain of await storage.chains()) {
    for await (const { text } of storage.readBackward(chain)) {
      const record = recordOf(text);
      if (record === undefined) continue;
      seen.set(chain, record.seq);
      break;
    }
  }
  return seen;
}

/** Returns the matching records after those in `seen`, oldest first, and moves `seen` on. */
export async function recordsAfter(
  storage: AuditStorage,
  seen: Seen,
  filters: Filters,
): Promise<readonly AuditRecord[]> {
  const matcher = createMatcher({ ...filters, limit: 1 });
  const added: AuditRecord[] = [];
  for (const chain of await storage.chains()) {
    const last = seen.get(chain) ?? 0;
    let newest = last;
    for await (const { text, complete } of storage.readBackward(chain)) {
      const record = complete ? recordOf(text) : undefined;
      if (record === undefined) continue;
      if (record.seq <= last) break;
      newest = Math.max(newest, record.seq);
      if (matcher.matches(record)) added.push(record);
    }
    seen.set(chain, newest);
  }
  return added.sort((a, b) => Date.parse(a.time) - Date.parse(b.time) || a.seq - b.seq);
}
