/** MCP servers, which Scalekit calls resources of a type. */

import { AppError } from "../../errors.ts";
import { assertStorable } from "../text.ts";
import type { McpServer, McpServerChanges, McpServers } from "../workspace/mcp_servers.ts";
import { type Api, path } from "./api.ts";
import { type Context, notThere } from "./context.ts";
import { readRemotePage, remotePage } from "./page.ts";
import {
  countIn,
  flagIn,
  idIn,
  type Json,
  objectIn,
  objectsIn,
  optionalText,
  strangeAnswer,
  textIn,
  timeIn,
} from "./values.ts";

const TYPE = "MCP_SERVER";

export function mcpServers({ of }: Context): McpServers {
  return {
    async listMcpServers(environmentId, page) {
      const api = of(environmentId);
      return await readRemotePage({
        list: ["MCP servers", environmentId],
        sizes: { min: 1, max: 30 },
        read: async (their) =>
          remotePage(
            await api.call({
              method: "GET",
              path: "/resources",
              query: { ...their, resource_type: TYPE },
              missing: notThere,
            }),
            "resources",
            (value) => toServer(value, environmentId),
          ),
      }, page);
    },

    getMcpServer: async (environmentId, mcpServerId) =>
      await findServer(of(environmentId), mcpServerId),

    async registerMcpServer(environmentId, input) {
      const api = of(environmentId);
      const body = await api.call({
        method: "POST",
        path: "/resources",
        body: { resource_type: TYPE, ...fieldsOf(input) },
        missing: notThere,
      });
      return toServer(objectIn(body, "resource"), environmentId);
    },

    async updateMcpServer(environmentId, mcpServerId, changes) {
      const api = of(environmentId);
      const before = await findServer(api, mcpServerId);
      const missing = () => serverUnknown(environmentId, mcpServerId);
      const { provider, ...others } = changes;
      const fields = fieldsOf(provider === null ? others : changes);
      let after = before;
      if (Object.keys(fields).length > 0) {
        const body = await api.call({
          method: "PATCH",
          path: path`/resources/${mcpServerId}`,
          body: fields,
          missing,
        });
        after = toServer(objectIn(body, "resource"), environmentId);
      }
      if (provider !== null) return after;
      const body = await api.call({
        method: "PUT",
        path: path`/resources/${mcpServerId}/provider:delete`,
        missing,
      });
      return toServer(objectIn(body, "resource"), environmentId);
    },

    async deleteMcpServer(environmentId, mcpServerId) {
      const api = of(environmentId);
      const server = await findServer(api, mcpServerId);
      await api.call({
        method: "DELETE",
        path: path`/resources/${mcpServerId}`,
        missing: () => serverUnknown(environmentId, mcpServerId),
      });
      return server;
    },
  };
}

async function findServer(api: Api, mcpServerId: string): Promise<McpServer> {
  const missing = () => serverUnknown(api.environment.id, mcpServerId);
  const body = await api.call({ method: "GET", path: path`/resources/${mcpServerId}`, missing });
  const resource = objectIn(body, "resource");
  // What is no MCP server has an address of the same form.
  const isServer = resource["resource_type"] === TYPE && idIn(resource) === mcpServerId;
  if (!isServer) throw missing();
  return toServer(resource, api.environment.id);
}

/** Only what is given; their mask names the fields that are there, so an empty one removes. */
function fieldsOf(input: McpServerChanges): Json {
  const { name, description, url, provider, accessTokenExpiry, scopes } = input;
  const { dynamicClientRegistration, clientIdMetadataDocuments } = input;
  assertStorable({
    name,
    url,
    description: description ?? undefined,
    provider: provider ?? undefined,
  });
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description: description ?? "" }),
    ...(url !== undefined && { resource_id: url }),
    ...(provider && { provider }),
    // int64 is text in JSON.
    ...(accessTokenExpiry !== undefined && { access_token_expiry: String(accessTokenExpiry) }),
    ...(scopes !== undefined && { scopes }),
    ...(dynamicClientRegistration !== undefined &&
      { disable_dynamic_client_registration: !dynamicClientRegistration }),
    ...(clientIdMetadataDocuments !== undefined && { enable_cimd: clientIdMetadataDocuments }),
  };
}

function toServer(value: Json, environmentId: string): McpServer {
  const createTime = timeIn(value, "create_time");
  if (createTime === undefined) throw strangeAnswer("a resource without create_time");
  return {
    id: idIn(value),
    environmentId,
    name: textIn(value, "name"),
    ...optionalText("description", textIn(value, "description")),
    url: textIn(value, "resource_id") || textIn(value, "resource_uri"),
    ...optionalText("provider", textIn(value, "provider")),
    accessTokenExpiry: countIn(value, "access_token_expiry") ?? 0,
    scopes: objectsIn(value, "scopes").map((scope) => textIn(scope, "name")),
    dynamicClientRegistration: !flagIn(value, "disable_dynamic_client_registration"),
    clientIdMetadataDocuments: flagIn(value, "enable_cimd"),
    createTime,
    updateTime: timeIn(value, "update_time") ?? createTime,
  };
}

function serverUnknown(environmentId: string, mcpServerId: string): AppError {
  return new AppError(
    "not_found",
    "The environment has no such MCP server; list its MCP servers to find the id",
    { reason: "mcp_server", details: { environmentId, mcpServerId } },
  );
}
