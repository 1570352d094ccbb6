/** The MCP servers of an environment. */

import { AppError } from "../../errors.ts";
import type { McpServer, McpServerChanges, McpServers } from "../workspace/mcp_servers.ts";
import { findEnvironment, findInEnvironment } from "./environments.ts";
import { readPage } from "./page.ts";
import type { Database, McpServerRow, SqlContext } from "./schema.ts";
import { assertStorable } from "./text.ts";
import { unlessTaken } from "./unique.ts";

export function mcpServers({ db, newId, now }: SqlContext): McpServers {
  return {
    async listMcpServers(environmentId, page) {
      await findEnvironment(db, environmentId);
      const query = db
        .selectFrom("mcp_servers")
        .selectAll()
        .where("environment_id", "=", environmentId);
      return readPage(query, "mcp_servers", page, {
        list: ["mcp_servers", environmentId],
        order: "newest first",
        toItem: toMcpServer,
      });
    },

    async getMcpServer(environmentId, mcpServerId) {
      return toMcpServer(await findMcpServer(db, environmentId, mcpServerId));
    },

    async registerMcpServer(environmentId, input) {
      assertTexts(input);
      await findEnvironment(db, environmentId);
      const time = now().toISOString();
      const row = await db
        .insertInto("mcp_servers")
        .values({
          id: newId("res"),
          environment_id: environmentId,
          name: input.name,
          description: input.description ?? null,
          url: input.url,
          url_key: urlKey(input.url),
          provider: input.provider ?? null,
          access_token_expiry: input.accessTokenExpiry,
          scopes: JSON.stringify(input.scopes),
          dynamic_client_registration: toInteger(input.dynamicClientRegistration),
          client_id_metadata_documents: toInteger(input.clientIdMetadataDocuments),
          create_time: time,
          update_time: time,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw urlTaken();
      return toMcpServer(row);
    },

    async updateMcpServer(environmentId, mcpServerId, changes) {
      assertTexts(changes);
      await findMcpServer(db, environmentId, mcpServerId);
      const row = await unlessTaken(() =>
        db
          .updateTable("mcp_servers")
          .set({ ...toColumns(changes), update_time: now().toISOString() })
          .where("id", "=", mcpServerId)
          .where("environment_id", "=", environmentId)
          .returningAll()
          .executeTakeFirst(), urlTaken);
      return toMcpServer(row ?? await findMcpServer(db, environmentId, mcpServerId));
    },

    async deleteMcpServer(environmentId, mcpServerId) {
      await findMcpServer(db, environmentId, mcpServerId);
      const row = await db
        .deleteFrom("mcp_servers")
        .where("id", "=", mcpServerId)
        .where("environment_id", "=", environmentId)
        .returningAll()
        .executeTakeFirst();
      return toMcpServer(row ?? await findMcpServer(db, environmentId, mcpServerId));
    },
  };
}

/** Reads an MCP server of the environment, or throws `not_found`. */
function findMcpServer(
  db: Database,
  environmentId: string,
  mcpServerId: string,
): Promise<McpServerRow> {
  return findInEnvironment(
    db,
    { environmentId, key: mcpServerId },
    db
      .selectFrom("mcp_servers")
      .selectAll()
      .where("id", "=", mcpServerId)
      .where("environment_id", "=", environmentId),
    () =>
      new AppError(
        "not_found",
        "The MCP server does not exist in this environment; list its MCP servers to find the id",
        { reason: "mcp_server", details: { environmentId, mcpServerId } },
      ),
  );
}

function assertTexts({ name, description, url, provider, scopes }: McpServerChanges): void {
  assertStorable({
    name,
    description: description ?? undefined,
    url,
    provider: provider ?? undefined,
    scopes: scopes?.join(" "),
  });
}

/** The columns of what is given; what is left out is left out here too. */
function toColumns(changes: McpServerChanges) {
  const { name, description, url, provider, accessTokenExpiry, scopes } = changes;
  const { dynamicClientRegistration, clientIdMetadataDocuments } = changes;
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(url !== undefined && { url, url_key: urlKey(url) }),
    ...(provider !== undefined && { provider }),
    ...(accessTokenExpiry !== undefined && { access_token_expiry: accessTokenExpiry }),
    ...(scopes !== undefined && { scopes: JSON.stringify(scopes) }),
    ...(dynamicClientRegistration !== undefined && {
      dynamic_client_registration: toInteger(dynamicClientRegistration),
    }),
    ...(clientIdMetadataDocuments !== undefined && {
      client_id_metadata_documents: toInteger(clientIdMetadataDocuments),
    }),
  };
}

/** `https://host` and `https://host/` have one metadata document, so they cannot be two servers (RFC 9728 section 3.1). */
function urlKey(url: string): string {
  return URL.canParse(url) ? new URL(url).href : url;
}

function toInteger(flag: boolean): number {
  return flag ? 1 : 0;
}

function urlTaken(): AppError {
  return new AppError(
    "conflict",
    "The URL belongs to another MCP server of this environment; find it with list_mcp_servers, and update or delete it",
    { reason: "url_taken" },
  );
}

function toMcpServer(row: McpServerRow): McpServer {
  return {
    id: row.id,
    environmentId: row.environment_id,
    name: row.name,
    ...(row.description !== null && { description: row.description }),
    url: row.url,
    ...(row.provider !== null && { provider: row.provider }),
    accessTokenExpiry: row.access_token_expiry,
    scopes: JSON.parse(row.scopes),
    dynamicClientRegistration: row.dynamic_client_registration === 1,
    clientIdMetadataDocuments: row.client_id_metadata_documents === 1,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
