/** Audit chains in tables of PostgreSQL, for instances that share a database. */

import { CompiledQuery, sql } from "kysely";
import type { AuditStorage, StoredLine } from "../audit/storage.ts";
import type { PostgresLocation } from "../postgres_location.ts";
import type { SecretStore } from "../secrets.ts";
import { claimChain } from "./audit_chain.ts";
import { HOLDER, lockName } from "./audit_lock.ts";
import { openingError } from "./fault.ts";
import { createSecretStore } from "./secrets.ts";

export interface AuditTables {
  readonly storage: AuditStorage;
  /** Of the same database. */
  readonly secrets: SecretStore;
  close(): Promise<void>;
}

/** Lines of one reading; the first is small, as often only the newest lines are looked at. */
const FIRST_PAGE = 16;
const LARGEST_PAGE = 1024;
/** SQLSTATE of a table that is not there. */
const UNDEFINED_TABLE = "42P01";

/** Opens the tables; the first query connects. The tables are made by who opens the store. */
export async function openAuditTables(location: PostgresLocation): Promise<AuditTables> {
  // Imported on demand, as it is what loads the driver.
  const { openPostgresReader } = await import("./postgres.ts");
  const db = openPostgresReader(location);
  const { schema, shown } = location;

  async function* lines(chain: string, order: "asc" | "desc", from?: number) {
    let at = from;
    for (let limit = FIRST_PAGE;; limit = Math.min(4 * limit, LARGEST_PAGE)) {
      let page = db.selectFrom("audit_lines").select(["seq", "line"])
        .where("chain", "=", chain).orderBy("seq", order).limit(limit);
      if (at !== undefined) page = page.where("seq", order === "asc" ? ">=" : "<=", at);
      const rows = await page.execute();
      for (const row of rows) yield storedLine(row);
      if (rows.length < limit) return;
      at = rows.at(-1)!.seq + (order === "asc" ? 1 : -1);
    }
  }

  async function isHeld(chain: string): Promise<boolean> {
    const { rows } = await db.executeQuery(CompiledQuery.raw(HOLDER, [lockName(schema, chain)]));
    return rows.length > 0;
  }

  const storage: AuditStorage = {
    place: shown,
    anew: "start with another GATEHOUSE_INSTANCE, which begins a chain beside it",

    async chains() {
      try {
        // Steps from name to name in the index; `distinct` would read every record.
        const { rows } = await sql<{ chain: string }>`
          with recursive found (chain) as (
            select min(chain) from ${sql.id(schema, "audit_lines")}
            union all
            select (select min(chain) from ${sql.id(schema, "audit_lines")}
              where chain > found.chain)
            from found where found.chain is not null
          )
          select chain from found where chain is not null
          union select chain from ${sql.id(schema, "audit_heads")}
          order by chain`.execute(db);
        return rows.map(({ chain }) => chain);
      } catch (error) {
        if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return [];
        throw openingError(shown, error);
      }
    },

    async readHead(chain) {
      const row = await db.selectFrom("audit_heads").select("head").where("chain", "=", chain)
        .executeTakeFirst();
      return row?.head;
    },

    readForward: (chain) => lines(chain, "asc"),
    readBackward: (chain, fromSeq = Infinity) =>
      lines(chain, "desc", fromSeq === Infinity ? undefined : fromSeq),
    isHeld,

    async claim(chain) {
      // Asked first, as a session of its own costs more.
      return await isHeld(chain) ? undefined : await claimChain(location, chain);
    },
  };
  return { storage, secrets: createSecretStore({ db }), close: () => db.destroy() };
}

function storedLine({ seq, line }: { seq: number; line: string }): StoredLine {
  return { text: line, file: "audit_lines", offset: seq, seq, complete: true };
}
