/** Lets the people of an MCP server sign in at the environment again. */

import { z } from "zod";
import { describeMcpServer, mcpServer, mcpServerId } from "./mcp_servers.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "switch_mcp_auth_to_scalekit",
  title: "Switch authentication of an MCP server",
  description:
    "Lets people sign in to an MCP server at the environment itself, instead of at the sign-in system that the server " +
    "brought along: removes its provider. (The name is kept for those who know it from another server.) " +
    "People who have no account in the environment cannot sign in any more, so be sure that it is asked for. " +
    "Tokens that were issued stay good until they expire; what the server publishes stays the same. Repeating a call " +
    "changes nothing more, and update_mcp_server with provider takes it back. Take mcpServerId from list_mcp_servers. " +
    "Returns the server as it is afterwards, without provider. " +
    "The error not_found means that this environment has no such MCP server.",
  effect: "update",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, mcpServerId }),
  audit: { clear: ["environmentId", "mcpServerId"] },
  output: mcpServer,
  async handle({ environmentId, mcpServerId }, { workspace }) {
    const environment = await workspace.getEnvironment(environmentId);
    return describeMcpServer(
      await workspace.updateMcpServer(environmentId, mcpServerId, { provider: null }),
      environment,
    );
  },
});
