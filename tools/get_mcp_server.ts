/** Returns one MCP server and what it has to publish. */

import { z } from "zod";
import { describeMcpServer, mcpServer, mcpServerId } from "./mcp_servers.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "get_mcp_server",
  title: "Get MCP server",
  description:
    "Returns one registered MCP server with its settings, and in setup everything that the server itself needs so " +
    "that clients can sign in: its protected resource metadata document (RFC 9728), the URL to serve that at, the " +
    "WWW-Authenticate header of a 401, and the audience to check. Use it to set a server up, to find out why clients " +
    "cannot connect, or before update_mcp_server. Take the ids from list_environments and list_mcp_servers. " +
    "The error not_found means that this environment has no such MCP server: it may be in another environment.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId, mcpServerId }),
  audit: { clear: ["environmentId", "mcpServerId"] },
  output: mcpServer,
  async handle({ environmentId, mcpServerId }, { workspace }) {
    const environment = await workspace.getEnvironment(environmentId);
    return describeMcpServer(
      await workspace.getMcpServer(environmentId, mcpServerId),
      environment,
    );
  },
});
