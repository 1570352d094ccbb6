/** Adds MCP servers, and what is needed to find all organizations of one user and all users of an environment. */

import type { CreateTableBuilder, Transaction } from "kysely";
import type { Schema } from "../schema.ts";

const REQUIRED_TEXTS = [
  "id",
  "environment_id",
  "name",
  "url",
  "url_key",
  "scopes",
  "create_time",
  "update_time",
];
const OPTIONAL_TEXTS = ["description", "provider"];
const REQUIRED_INTEGERS = [
  "access_token_expiry",
  "dynamic_client_registration",
  "client_id_metadata_documents",
];

export async function createMcpServers(db: Transaction<Schema>): Promise<void> {
  let table: CreateTableBuilder<string, string> = db.schema.createTable("mcp_servers");
  for (const name of REQUIRED_TEXTS) {
    table = table.addColumn(name, "text", (column) => column.notNull());
  }
  for (const name of OPTIONAL_TEXTS) table = table.addColumn(name, "text");
  for (const name of REQUIRED_INTEGERS) {
    table = table.addColumn(name, "integer", (column) => column.notNull());
  }
  await table
    .addPrimaryKeyConstraint("mcp_servers_pk", ["id"])
    .addForeignKeyConstraint("mcp_servers_environment", ["environment_id"], "environments", [
      "id",
    ])
    .addUniqueConstraint("mcp_servers_url", ["environment_id", "url_key"])
    .execute();
  const indexes = {
    mcp_servers_list: ["mcp_servers", "environment_id", "id"],
    users_list: ["users", "environment_id", "id"],
    memberships_user: ["memberships", "user_id", "id"],
  } as const;
  for (const [name, [on, ...columns]] of Object.entries(indexes)) {
    await db.schema.createIndex(name).on(on).columns(columns).execute();
  }
}
