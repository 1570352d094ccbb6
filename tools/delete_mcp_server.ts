/** Deletes an MCP server's registration. */

import { z } from "zod";
import { listedMcpServer, mcpServerId } from "./mcp_servers.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "delete_mcp_server",
  title: "Delete MCP server",
  description:
    "Deletes the registration of an MCP server: the environment issues no more access tokens for its URL, and its " +
    "clients cannot sign in any more. The server itself goes on running. A person is asked first. There is no way " +
    "back: registering the URL again gives another id, under which clients have to sign in anew. To change a " +
    "server use update_mcp_server instead. Tokens that were issued stay good until they expire. " +
    "Take the ids from list_environments and list_mcp_servers. Returns the server as it was. " +
    "The error not_found means that this environment has no such MCP server: it may be deleted already.",
  effect: "delete",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, mcpServerId }),
  audit: { clear: ["environmentId", "mcpServerId"] },
  output: z.object({ deleted: listedMcpServer }),
  async confirm({ environmentId, mcpServerId }, { workspace }) {
    const environment = await workspace.getEnvironment(environmentId);
    const { name, url } = await workspace.getMcpServer(environmentId, mcpServerId);
    return `Delete the MCP server ${name} (${url}) of the environment ${environment.displayName}? ` +
      "Its clients will get no more access tokens. This cannot be undone.";
  },
  async handle({ environmentId, mcpServerId }, { workspace }) {
    return { deleted: await workspace.deleteMcpServer(environmentId, mcpServerId) };
  },
});
