/** Lists the MCP servers of an environment. */

import { z } from "zod";
import { listedMcpServer } from "./mcp_servers.ts";
import { pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_mcp_servers",
  title: "List MCP servers",
  description:
    "Lists the MCP servers that are registered in one environment, newest first: servers of your own whose clients " +
    "get their access tokens from the environment. Use it to find the mcpServerId that the other tools about MCP " +
    "servers take, or to see whether a URL is registered already. Take environmentId from list_environments. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken. What a server has to " +
    "publish is left out: get_mcp_server has it. Errors: not_found, there is no such environment; invalid_input, the " +
    "page token belongs to another list.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId, ...pageArguments }),
  audit: { clear: ["environmentId", "pageSize"] },
  output: z.object({ mcpServers: z.array(listedMcpServer).readonly(), ...pageInfo }),
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listMcpServers(environmentId, page);
    return { mcpServers: items, ...info };
  },
});
