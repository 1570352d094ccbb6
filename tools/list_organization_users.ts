/** Lists the users of an organization. */

import { z } from "zod";
import { nextPage } from "./hints.ts";
import { organizationUser, pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_organization_users",
  title: "List organization users",
  description:
    "Lists the users of one organization with their ids, emails, names, roles and membership status. " +
    "Use it to see who belongs to a customer, before you add people or after an import. " +
    "These are the customer's people; those who run this workspace are in list_workspace_members. " +
    "Take the ids from list_environments and list_organizations. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken. " +
    "Errors: not_found, this environment has no such organization; invalid_input, an argument is wrong or the page " +
    "token belongs to another list.",
  effect: "read",
  scopes: ["org:read"],
  input: z.strictObject({ environmentId, organizationId, ...pageArguments }),
  audit: { clear: ["environmentId", "organizationId", "pageSize"] },
  output: z.object({ users: z.array(organizationUser).readonly(), ...pageInfo }),
  next: (output) => nextPage("list_organization_users", output),
  async handle({ environmentId, organizationId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listOrganizationUsers(
      environmentId,
      organizationId,
      page,
    );
    return { users: items, ...info };
  },
});
