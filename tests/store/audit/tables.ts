/** A trail in the tables of a schema of its own, for tests that may also write there by SQL. */

import type { AuditRecord } from "../../../store/audit.ts";
import { findAuditKeys, loadOrKeepAuditKeys } from "../../../store/audit/keys.ts";
import type { AuditKeys } from "../../../store/audit/keys.ts";
import { openAuditLog } from "../../../store/audit/log.ts";
import type { AuditLogOptions, OpenedAuditLog } from "../../../store/audit/log.ts";
import type { AuditStorage } from "../../../store/audit/storage.ts";
import { verifyStorage } from "../../../store/audit/verify.ts";
import type { Fault, VerifyReport } from "../../../store/audit/verify.ts";
import { openStore } from "../../../store/mod.ts";
import { readPostgresLocation } from "../../../store/postgres_location.ts";
import { HOLDER, lockName } from "../../../store/sql/audit_lock.ts";
import { openAuditTables } from "../../../store/sql/audit_tables.ts";
import { newLocation, query, schemaOf } from "../../support/postgres.ts";
import { createClock } from "./support.ts";

export interface TableTrail {
  readonly location: string;
  readonly storage: AuditStorage;
  readonly keys: AuditKeys;
  /** Opens a log; through another location, such as that of a proxy, where one is given. */
  open(options?: Partial<AuditLogOptions>, location?: string): Promise<OpenedAuditLog>;
  lines(chain?: string): Promise<string[]>;
  records(chain?: string): Promise<AuditRecord[]>;
  verify(): Promise<VerifyReport>;
  /** The first fault of all chains. */
  fault(): Promise<Fault | undefined>;
  /** Runs a statement in which `HEADS` and `LINES` stand for the tables. */
  sql(text: string, ...values: unknown[]): ReturnType<typeof query>;
  /** The process id of the session that holds a chain. */
  holder(chain: string): Promise<number | undefined>;
}

/** Runs a test with a trail of its own. */
export async function withTables(body: (trail: TableTrail) => Promise<void>): Promise<void> {
  const location = newLocation();
  const schema = schemaOf(location);
  await (await openStore(location, { now: () => new Date() })).close();
  const now = createClock();
  const { storage, secrets, close } = await openAuditTables(readPostgresLocation(location));
  const closing = [close];
  const sql = (text: string, ...values: unknown[]) =>
    query(
      text.replaceAll("HEADS", `${schema}.audit_heads`).replaceAll(
        "LINES",
        `${schema}.audit_lines`,
      ),
      values,
    );
  const lines = async (chain = "server") => {
    const rows = await sql("select line from LINES where chain = $1 order by seq", chain);
    return rows.map(({ line }) => String(line));
  };
  const verify = async () => await verifyStorage(storage, await findAuditKeys(secrets));
  try {
    const keys = await loadOrKeepAuditKeys(secrets);
    await body({
      location,
      storage,
      keys,
      async open(options = {}, through = location) {
        const tables = await openAuditTables(readPostgresLocation(through));
        closing.push(tables.close);
        const base = { instance: "server", version: "1.2.3", now };
        return await openAuditLog(tables.storage, keys, { ...base, ...options });
      },
      lines,
      records: async (chain) => (await lines(chain)).map((line) => JSON.parse(line).record),
      verify,
      fault: async () => (await verify()).chains.find(({ fault }) => fault)?.fault,
      sql,
      async holder(chain) {
        const [row] = await query(HOLDER, [lockName(schema, chain)]);
        return row && Number(row["pid"]);
      },
    });
  } finally {
    await Promise.all(closing.map((each) => each()));
  }
}

/** What the calls of a test were numbered, in the order of the trail. */
export function numbersIn(records: readonly AuditRecord[]): number[] {
  return records.flatMap(({ request }) =>
    request ? [Number(request.id.slice("request-".length))] : []
  );
}
