/** What the operator listener steers, in the memory of a test: small, and true to the interfaces. */

import { AppError } from "../../errors.ts";
import type { AccessControl, Enforcement } from "../../auth/access_control.ts";
import type { AuditQuery, AuditReader, AuditRecord } from "../../store/audit.ts";
import type { Revocation } from "../../store/revocation.ts";

export interface MemoryAccess extends Pick<AccessControl, "revoke" | "list" | "restore"> {
  /** What was done, by whom. */
  readonly deeds: readonly string[];
}

export function memoryAccess(): MemoryAccess {
  const standing = new Map<string, Revocation>();
  const deeds: string[] = [];
  return {
    deeds,
    revoke({ tokenExpiresAt: _, ...revocation }) {
      const id = `rev_${String(standing.size + 1).padStart(26, "0")}`;
      const made = { ...revocation, id, createTime: "2026-11-25T12:00:00.000Z" };
      standing.set(id, made);
      deeds.push(`revoke ${revocation.target.kind} by ${revocation.actor}`);
      return Promise.resolve(inForce(made));
    },
    list: () => Promise.resolve([...standing.values()].reverse()),
    restore(id, actor) {
      const found = standing.get(id);
      if (found === undefined) {
        return Promise.reject(new AppError("not_found", "There is no such revocation"));
      }
      standing.delete(id);
      deeds.push(`restore by ${actor}`);
      return Promise.resolve(inForce(found));
    },
  };
}

function inForce(revocation: Revocation): Enforcement {
  return { revocation, instances: 1, confirmed: 1 };
}

export interface MemoryAudit extends AuditReader {
  readonly queries: readonly AuditQuery[];
}

/** Answers each question with these records, by tool and in pages. */
export function memoryAudit(records: readonly AuditRecord[]): MemoryAudit {
  const queries: AuditQuery[] = [];
  return {
    queries,
    query(query) {
      queries.push(query);
      const start = Number(query.pageToken ?? 0);
      if (!Number.isSafeInteger(start)) {
        return Promise.reject(
          new AppError("invalid_input", "That page token is not of this query"),
        );
      }
      const found = records.filter(({ tool }) =>
        query.tool === undefined || tool?.name === query.tool
      );
      const end = start + query.limit;
      return Promise.resolve({
        records: found.slice(start, end),
        ...(end < found.length && { nextPageToken: String(end) }),
      });
    },
  };
}
