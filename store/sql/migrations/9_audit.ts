/** Migration 9: the audit chains of instances that share a database. With SQLite they are in files, and the tables stay empty. */

import type { Transaction } from "kysely";
import type { Schema } from "../schema.ts";

/** How far a chain has been written. */
export interface AuditHeadRow {
  chain: string;
  /** The signed statement, as it is in a head file. */
  head: string;
}

/** One line of a chain, as it is in a segment. */
export interface AuditLineRow {
  chain: string;
  seq: number;
  line: string;
}

export async function createAuditTables(db: Transaction<Schema>): Promise<void> {
  await db.schema.createTable("audit_heads")
    .addColumn("chain", "text", (column) => column.primaryKey().notNull())
    .addColumn("head", "text", (column) => column.notNull())
    .execute();
  await db.schema.createTable("audit_lines")
    .addColumn("chain", "text", (column) => column.notNull())
    .addColumn("seq", "bigint", (column) => column.notNull())
    .addColumn("line", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("audit_lines_pk", ["chain", "seq"])
    .execute();
}
