/** The first MCP servers of a new store. */

import type { Transaction } from "kysely";
import type { NewId } from "./ids.ts";
import type { Schema } from "./schema.ts";

interface SeedServer {
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly scopes: readonly string[];
}

const DEVELOPMENT: SeedServer = {
  name: "Orders (local)",
  description: "The orders server on a developer's machine",
  url: "http://localhost:3000/mcp",
  scopes: ["orders:read", "orders:write"],
};
const PRODUCTION: SeedServer = {
  name: "Orders",
  description: "Lets agents look up and change orders",
  url: "https://orders.gatehouse.example/mcp",
  scopes: ["orders:read", "orders:write"],
};

/** Writes one for each environment. */
export async function seedMcpServers(
  db: Transaction<Schema>,
  newId: NewId,
  environments: { readonly development: string; readonly production: string },
  times: { readonly create_time: string; readonly update_time: string },
): Promise<void> {
  const { development, production } = environments;
  const servers = [[development, DEVELOPMENT], [production, PRODUCTION]] as const;
  await db
    .insertInto("mcp_servers")
    .values(servers.map(([environmentId, { scopes, url, ...server }]) => ({
      id: newId("res"),
      environment_id: environmentId,
      ...server,
      url,
      url_key: url,
      provider: null,
      access_token_expiry: 3600,
      scopes: JSON.stringify(scopes),
      dynamic_client_registration: 1,
      client_id_metadata_documents: 1,
      ...times,
    })))
    .execute();
}
