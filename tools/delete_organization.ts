/** Deletes an organization and all access that it gives. */

import { z } from "zod";
import type { OrganizationContents } from "../store/workspace/organization_changes.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId } from "./shapes.ts";

export default defineTool({
  name: "delete_organization",
  title: "Delete organization",
  description:
    "Deletes an organization (a customer) for good: its settings, its metadata, and the memberships of all its users. " +
    "Users who belong to no other organization are deleted with it; the others keep their accounts. " +
    "A person is asked first, with the name and the numbers. There is no way back, so look at " +
    "get_organization_details and list_organization_users before, and be sure which one is meant. " +
    "To stop single sign-on alone use update_organization_settings, to take out one person remove_organization_user. " +
    "Returns what was deleted, with numbers. The error not_found means that this environment has no such " +
    "organization: it may be deleted already, or be in another environment.",
  effect: "delete",
  scopes: ["org:write"],
  cost: 5,
  input: z.strictObject({ environmentId, organizationId }),
  audit: { clear: ["environmentId", "organizationId"] },
  output: z.object({
    organizationId: z.string(),
    displayName: z.string(),
    externalId: z.string().optional(),
    removedUsers: z.int().min(0).describe("How many users lost their membership"),
    deletedUsers: z.int().min(0).describe("How many of them were deleted with it"),
  }),
  async confirm({ environmentId, organizationId }, { workspace }) {
    const environment = await workspace.getEnvironment(environmentId);
    const organization = await workspace.getOrganization(environmentId, organizationId);
    const contents = await workspace.getOrganizationContents(environmentId, organizationId);
    const { displayName, externalId } = organization;
    const name = externalId === undefined ? displayName : `${displayName} (${externalId})`;
    return `Delete the organization ${name} of the environment ${environment.displayName}? ` +
      `${describeUsers(contents)}${describeConnections(contents)} This cannot be undone.`;
  },
  async handle({ environmentId, organizationId }, { workspace }) {
    const { organization, users, deletedUsers } = await workspace.deleteOrganization(
      environmentId,
      organizationId,
    );
    const { displayName, externalId } = organization;
    return {
      organizationId,
      displayName,
      ...(externalId !== undefined && { externalId }),
      removedUsers: users,
      deletedUsers,
    };
  },
});

function describeConnections({ connections }: OrganizationContents): string {
  if (connections === 0) return "";
  const what = connections === 1 ? "1 connection goes" : `${connections} connections go`;
  return ` Its ${what} with it, and nobody signs in through it any more.`;
}

function describeUsers({ users, usersOfNoOther }: OrganizationContents): string {
  if (users === 0) return "It has no users.";
  const lose = users === 1
    ? "Its 1 user loses access to it."
    : `Its ${users} users lose access to it.`;
  if (usersOfNoOther === 0) return lose;
  const deleted = usersOfNoOther === 1
    ? "1 user, who belongs to no other organization, is deleted for good."
    : `${usersOfNoOther} users, who belong to no other organization, are deleted for good.`;
  return `${lose} ${deleted}`;
}
