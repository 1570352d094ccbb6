/** Registers an MCP server, so that an environment authorizes its clients. */

import { z } from "zod";
import { describeMcpServer, mcpServer, serverFields } from "./mcp_servers.ts";
import { defineTool } from "./registry.ts";
import { environmentId, line } from "./shapes.ts";

const { name, url, provider, accessTokenExpiry, scopes } = serverFields;
const { dynamicClientRegistration, clientIdMetadataDocuments } = serverFields;

export default defineTool({
  name: "register_mcp_server",
  title: "Register MCP server",
  description:
    "Registers an MCP server of yours in an environment, whose authorization server then issues access tokens for it. " +
    "Use it once for each server URL; look at list_mcp_servers first. It changes nothing at the server itself: the " +
    "result has in setup the protected resource metadata document to serve and where, the WWW-Authenticate header to " +
    "send and the audience to check, so put these in place next. Give the URL as clients type it; do not guess it. " +
    "Without provider, people sign in at the environment. Scope names are checked for their form, not against the " +
    "environment's scopes. Errors: conflict, the URL is registered already: use update_mcp_server; not_found, there " +
    "is no such environment; invalid_input says what is wrong with the URL.",
  effect: "create",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    name,
    url,
    description: line(512).describe("What the server is for, in one line")
      .meta({ examples: ["Lets agents look up and change orders"] }).optional(),
    provider: provider.optional(),
    accessTokenExpiry: accessTokenExpiry.default(3600),
    scopes: scopes.default([]),
    dynamicClientRegistration: dynamicClientRegistration.default(true),
    clientIdMetadataDocuments: clientIdMetadataDocuments.default(true),
  }),
  audit: {
    clear: [
      "environmentId",
      "accessTokenExpiry",
      "dynamicClientRegistration",
      "clientIdMetadataDocuments",
    ],
  },
  output: mcpServer,
  async handle({ environmentId, ...input }, { workspace }) {
    const environment = await workspace.getEnvironment(environmentId);
    return describeMcpServer(await workspace.registerMcpServer(environmentId, input), environment);
  },
});
