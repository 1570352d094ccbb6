/** Adds one user to an organization. */

import { z } from "zod";
import { organizationUser } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, newUser, organizationId } from "./shapes.ts";

export default defineTool({
  name: "create_organization_user",
  title: "Create organization user",
  description:
    "Adds one person to an organization with the roles you name, and returns the user. " +
    "A person whose email the environment knows already joins this organization with the id and names they have. " +
    "For more than a few people use import_organization_users. Roles are those of list_environment_roles: ask which are " +
    "meant instead of guessing. Take the ids from list_environments and list_organizations. " +
    "Errors: conflict, the person is in the organization already, or the external id is another person's or not theirs: " +
    "look with list_organization_users; invalid_input, the environment has no such role, and the message names those it " +
    "has; not_found, this environment has no such organization.",
  effect: "create",
  scopes: ["org:write"],
  input: z.strictObject({ environmentId, organizationId, ...newUser }),
  audit: { clear: ["environmentId", "organizationId"] },
  output: organizationUser,
  next: () => "Check with list_organization_users who belongs to the organization now.",
  handle: ({ environmentId, organizationId, ...input }, { workspace }) =>
    workspace.createOrganizationUser(environmentId, organizationId, input),
});
