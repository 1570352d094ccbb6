/** Changes an MCP server. */

import { z } from "zod";
import { describeMcpServer, mcpServer, mcpServerId, serverFields } from "./mcp_servers.ts";
import { defineTool } from "./registry.ts";
import { environmentId, removableLine, removal, requireChange } from "./shapes.ts";

const changeable = {
  name: serverFields.name.optional(),
  url: serverFields.url.optional(),
  description: removableLine(512).describe("What the server is for; empty removes it")
    .meta({ examples: ["Lets agents look up and change orders"] }).optional(),
  provider: serverFields.provider.optional(),
  accessTokenExpiry: serverFields.accessTokenExpiry.optional(),
  scopes: serverFields.scopes.optional(),
  dynamicClientRegistration: serverFields.dynamicClientRegistration.optional(),
  clientIdMetadataDocuments: serverFields.clientIdMetadataDocuments.optional(),
};

export default defineTool({
  name: "update_mcp_server",
  title: "Update MCP server",
  description:
    "Changes settings of a registered MCP server. What you leave out stays as it is; an empty description removes it, " +
    "and scopes take the place of all scopes, so read get_mcp_server first. With another url, tokens for the former " +
    "one are no good at the new one and clients have to sign in again; be sure that it is asked for. provider sends " +
    "people to your own sign-in system; switch_mcp_auth_to_scalekit takes that back. Scope names are checked for " +
    "their form, not against the environment's scopes. Returns the server as it is afterwards; put what setup says in " +
    "place again where name, url or scopes changed. Errors: not_found, this environment has no such MCP server; " +
    "conflict, the URL belongs to another one; invalid_input, nothing to change is named, or a value is wrong.",
  effect: "update",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    mcpServerId,
    ...changeable,
  }),
  audit: {
    clear: [
      "environmentId",
      "mcpServerId",
      "accessTokenExpiry",
      "dynamicClientRegistration",
      "clientIdMetadataDocuments",
    ],
  },
  output: mcpServer,
  async handle({ environmentId, mcpServerId, ...input }, { workspace }) {
    requireChange(input, ...Object.keys(changeable));
    const environment = await workspace.getEnvironment(environmentId);
    const changes = { ...input, description: removal(input.description) };
    return describeMcpServer(
      await workspace.updateMcpServer(environmentId, mcpServerId, changes),
      environment,
    );
  },
});
