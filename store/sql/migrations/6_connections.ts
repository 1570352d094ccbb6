/** Migration 6: connections with the domains they claim, connected accounts, and the links that lead to both. */

import { type CreateTableBuilder, sql, type Transaction } from "kysely";
import type { Schema } from "../schema.ts";

export async function createConnections(db: Transaction<Schema>): Promise<void> {
  await table(db, "connections")
    .addColumn("id", "text", primary)
    .addColumn("environment_id", "text", inEnvironment)
    .addColumn("organization_id", "text", ofOrganization)
    .addColumn("provider", "text", always)
    .addColumn("provider_key", "text")
    .addColumn("key_id", "text", always)
    .addColumn("type", "text", always)
    .addColumn("status", "text", always)
    .addColumn("enabled", "integer", always)
    .addColumn("domains", "text", always)
    .addColumn("settings", "text", always)
    .$call(times)
    .addUniqueConstraint("connections_key_id", ["environment_id", "key_id"])
    .addCheckConstraint(
      "connections_status",
      sql`status in ('DRAFT', 'IN_PROGRESS', 'COMPLETED')`,
    )
    // What is not complete cannot be used, whoever writes.
    .addCheckConstraint("connections_usable", sql`enabled = 0 or status = 'COMPLETED'`)
    .execute();

  // A table of its own, so that the database keeps two connections from claiming one domain.
  await table(db, "connection_domains")
    .addColumn("environment_id", "text", inEnvironment)
    .addColumn("domain", "text", always)
    .addColumn("connection_id", "text", ofConnection)
    .addPrimaryKeyConstraint("connection_domains_pk", ["environment_id", "domain"])
    .execute();

  await table(db, "portal_links")
    .addColumn("id", "text", primary)
    .addColumn("organization_id", "text", (column) => always(ofOrganization(column)))
    .addColumn("features", "text", always)
    .addColumn("secret_hash", "text", always)
    .addColumn("create_time", "text", always)
    .addColumn("expires_at", "bigint", always)
    .addUniqueConstraint("portal_links_secret", ["secret_hash"])
    .execute();

  await table(db, "connected_accounts")
    .addColumn("id", "text", primary)
    .addColumn("environment_id", "text", inEnvironment)
    .addColumn("connection_id", "text", ofConnection)
    .addColumn("identifier", "text", always)
    .addColumn("status", "text", always)
    .addColumn("token_expire_time", "text")
    .addColumn("last_used_time", "text")
    .$call(times)
    .addUniqueConstraint("connected_accounts_once", ["connection_id", "identifier"])
    .addCheckConstraint(
      "connected_accounts_status",
      sql`status in ('ACTIVE', 'EXPIRED', 'PENDING_AUTH', 'PENDING_VERIFICATION', 'DISCONNECTED')`,
    )
    .execute();

  // One for each account: a new link takes the place of the one before.
  await table(db, "magic_links")
    .addColumn(
      "connected_account_id",
      "text",
      (column) => primary(column).references("connected_accounts.id").onDelete("cascade"),
    )
    .addColumn("secret_hash", "text", always)
    .addColumn("expires_at", "bigint", always)
    .addUniqueConstraint("magic_links_secret", ["secret_hash"])
    .execute();

  const indexes = {
    connections: { list: ["environment_id", "id"], of_organization: ["organization_id", "id"] },
    connection_domains: { connection: ["connection_id"] },
    portal_links: { list: ["organization_id", "id"], expires_at: ["expires_at"] },
    connected_accounts: { list: ["environment_id", "id"] },
    magic_links: { expires_at: ["expires_at"] },
  };
  for (const [name, columns] of Object.entries(indexes)) {
    for (const [purpose, of] of Object.entries(columns)) {
      await db.schema.createIndex(`${name}_${purpose}`).on(name).columns(of).execute();
    }
  }
}

type Table = CreateTableBuilder<string, string>;
type Column = Parameters<NonNullable<Parameters<Table["addColumn"]>[2]>>[0];

function table(db: Transaction<Schema>, name: string): Table {
  return db.schema.createTable(name);
}

function times(table: Table): Table {
  return table.addColumn("create_time", "text", always).addColumn("update_time", "text", always);
}

function always(column: Column): Column {
  return column.notNull();
}

/** NOT NULL is said out loud, as SQLite does not imply it. */
function primary(column: Column): Column {
  return column.primaryKey().notNull();
}

function inEnvironment(column: Column): Column {
  return column.notNull().references("environments.id");
}

/** What belongs to an organization goes with it. */
function ofOrganization(column: Column): Column {
  return column.references("organizations.id").onDelete("cascade");
}

function ofConnection(column: Column): Column {
  return column.notNull().references("connections.id").onDelete("cascade");
}
