/** Lists the connections of an environment. */

import { z } from "zod";
import { listedConnection } from "./connections.ts";
import { pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_environment_connections",
  title: "List environment connections",
  description:
    "Lists every connection of one environment, newest first: those that serve the whole environment, and those of " +
    "its organizations, which carry an organizationId. A connection is how people sign in (OIDC, SAML, PASSWORD and " +
    "others) or how programs reach what people have elsewhere (OAUTH, API_KEY and others). Use it to find a " +
    "connectionId, or the keyId that create_connected_account_magic_link takes as connector; for one organization " +
    "use list_organization_connections. Needs an environmentId from list_environments. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken. Settings are left " +
    "out: get_connection has them. " +
    "Errors: not_found, there is no such environment; invalid_input, the page token belongs to another list.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId, ...pageArguments }),
  audit: { clear: ["environmentId", "pageSize"] },
  output: z.object({ connections: z.array(listedConnection).readonly(), ...pageInfo }),
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listConnections(environmentId, page);
    return { connections: items, ...info };
  },
});
