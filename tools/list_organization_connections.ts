/** Lists the connections of an organization. */

import { z } from "zod";
import { listedConnection } from "./connections.ts";
import { pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_organization_connections",
  title: "List organization connections",
  description:
    "Lists the connections that belong to one organization, newest first: how its people sign in, with provider, type, " +
    "status, domains and whether each is enabled. Use it before enable_organization_connection, or to find out why the " +
    "people of a customer cannot sign in. Connections that serve the whole environment are not in it: " +
    "list_environment_connections has them. Needs an environmentId and an organizationId from list_organizations. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken. " +
    "Errors: not_found, this environment has no such organization; invalid_input, the page token belongs to another " +
    "list.",
  effect: "read",
  scopes: ["org:read"],
  input: z.strictObject({ environmentId, organizationId, ...pageArguments }),
  audit: { clear: ["environmentId", "organizationId", "pageSize"] },
  output: z.object({ connections: z.array(listedConnection).readonly(), ...pageInfo }),
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listConnections(environmentId, page);
    return { connections: items, ...info };
  },
});
