/** Secrets that instances share, in a table: written once, never changed. */

import type { Kysely, Transaction } from "kysely";
import type { SecretStore } from "../secrets.ts";
import type { Schema, SqlContext } from "./schema.ts";

export interface SecretRow {
  name: string;
  value: string;
}

export function createSecretStore({ db }: Pick<SqlContext, "db">): SecretStore {
  return {
    find: (name) => valueOf(db, name),

    async keep(name, value) {
      await db
        .insertInto("secrets")
        .values({ name, value })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute();
      return await valueOf(db, name) ?? value;
    },
  };
}

/** Migration 4. */
export async function createSecrets(db: Transaction<Schema>): Promise<void> {
  await db.schema.createTable("secrets")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .execute();
}

async function valueOf(db: Kysely<Schema>, name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("secrets")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.value;
}
