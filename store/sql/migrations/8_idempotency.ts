/** The table of idempotency keys. */

import type { Transaction } from "kysely";
import type { Schema } from "../schema.ts";

export async function createIdempotency(db: Transaction<Schema>): Promise<void> {
  await db.schema.createTable("idempotency")
    .addColumn("key", "text", (column) => column.primaryKey().notNull())
    .addColumn("caller", "text", (column) => column.notNull())
    .addColumn("input", "text", (column) => column.notNull())
    .addColumn("holder", "text", (column) => column.notNull())
    .addColumn("outcome", "text")
    .addColumn("busy_until", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .execute();
  for (const column of ["caller", "expires_at"]) {
    await db.schema.createIndex(`idempotency_${column}`).on("idempotency").column(column).execute();
  }
}
