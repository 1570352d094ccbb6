/** Lists the roles of an environment. */

import { z } from "zod";
import { role } from "./environments.ts";
import { pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_environment_roles",
  title: "List environment roles",
  description:
    "Lists the roles of one environment: what its users can be in an organization. Use it before " +
    "create_organization_user and import_organization_users, which take role names, and to see which role is the " +
    "default of creators and which of members. Needs an environmentId from list_environments. " +
    "Returns one page, oldest first, and totalSize; if nextPageToken is there, call again with it as pageToken. " +
    "How many people have a role is in get_environment_role. " +
    "Errors: not_found, there is no such environment; invalid_input, the page token is not from this list.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId, ...pageArguments }),
  audit: { clear: ["environmentId", "pageSize"] },
  output: z.object({ roles: z.array(role).readonly(), ...pageInfo }),
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listEnvironmentRoles(environmentId, page);
    return { roles: items, ...info };
  },
});
