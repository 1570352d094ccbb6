/** Sets the roles that a user has in an organization. */

import { z } from "zod";
import { organizationUser } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId, roleNames, userId } from "./shapes.ts";

export default defineTool({
  name: "set_organization_user_roles",
  title: "Set organization user roles",
  description:
    "Sets which roles one user has in one organization. The roles you name take the place of all that they have " +
    "there, so look at get_user first and name the ones to keep too; roles in other organizations stay as they are. " +
    "Ask which roles are meant instead of guessing: this is what the person may do from then on. list_environment_roles has their " +
    "names. To take all access away use remove_organization_user. Returns the user as they are afterwards; repeating a call changes nothing more. " +
    "Errors: not_found, this environment has no such organization, or the user does not belong to it; invalid_input, " +
    "no role is named, one is named twice, or the environment has no role of that name.",
  effect: "update",
  scopes: ["org:write"],
  input: z.strictObject({
    environmentId,
    organizationId,
    userId,
    roles: roleNames.describe("Names of all roles the user shall have in the organization")
      .meta({ examples: [["admin"]] }),
  }),
  audit: { clear: ["environmentId", "organizationId", "userId"] },
  output: organizationUser,
  handle: ({ environmentId, organizationId, userId, roles }, { workspace }) =>
    workspace.setOrganizationUserRoles(environmentId, organizationId, userId, roles),
});
