/** Takes a user out of an organization. */

import { z } from "zod";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId, userId } from "./shapes.ts";

export default defineTool({
  name: "remove_organization_user",
  title: "Remove organization user",
  description:
    "Takes one user out of one organization: they lose its roles and their access to it. Where it was their only " +
    "organization, the user is deleted with all that is known of them, and adding them again gives another id; " +
    "otherwise they stay in the others. A person is asked first. Look at get_user to see what they would lose. " +
    "To change what somebody may do use set_organization_user_roles; to end access tokens that they hold now, " +
    "revoke_access. Take the ids from search_organizations and list_organization_users. Returns who was removed, and " +
    "whether they were deleted. The error not_found means that the user does not belong to the organization, perhaps " +
    "no more, or that this environment has no such organization.",
  effect: "delete",
  scopes: ["org:write"],
  input: z.strictObject({ environmentId, organizationId, userId }),
  audit: { clear: ["environmentId", "organizationId", "userId"] },
  output: z.object({
    userId: z.string(),
    organizationId: z.string(),
    email: z.string(),
    deleted: z.boolean()
      .describe("Whether the user is deleted too, as they belonged to no other organization"),
  }),
  async confirm({ environmentId, organizationId, userId }, { workspace }) {
    const { displayName } = await workspace.getOrganization(environmentId, organizationId);
    const { email, roles } = await workspace.getOrganizationUser(
      environmentId,
      organizationId,
      userId,
    );
    const { membershipCount } = await workspace.getUser(environmentId, userId);
    const had = roles.length === 0 ? "no roles" : `the roles ${roles.join(", ")}`;
    return `Remove ${email} (${had}) from the organization ${displayName}? ${
      consequence(membershipCount - 1)
    }`;
  },
  async handle({ environmentId, organizationId, userId }, { workspace }) {
    const { user, deleted } = await workspace.removeOrganizationUser(
      environmentId,
      organizationId,
      userId,
    );
    return { userId, organizationId, email: user.email, deleted };
  },
});

function consequence(others: number): string {
  if (others === 0) {
    return "They belong to no other organization, so the user is deleted for good. This cannot be undone.";
  }
  return `They stay in ${others === 1 ? "1 other organization" : `${others} other organizations`}.`;
}
