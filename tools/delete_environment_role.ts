/** Deletes a role, once another one takes its place where it is needed. */

import { z } from "zod";
import { assertReplaceable } from "../store/workspace/roles.ts";
import type { CountedRole } from "../store/workspace/roles.ts";
import { nameEnvironment, role } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId, roleName } from "./shapes.ts";

export default defineTool({
  name: "delete_environment_role",
  title: "Delete environment role",
  description:
    "Deletes a role of an environment. A role that memberships have, or that is a default, goes only with " +
    "replacementRoleName: every membership that has the role gets that one instead, and it becomes the default. " +
    "Look at get_environment_role first, and ask which role shall take the place: a replacement with more rights " +
    "gives them to all these people. Applications that look for the role in tokens find it no more. " +
    "Returns the role as it was and how many memberships changed. " +
    "Errors: conflict, the role is in use and no replacement is named; not_found, this environment has no role of " +
    "that name, or not the replacement.",
  effect: "delete",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    roleName,
    replacementRoleName: roleName
      .describe("Name of the role that takes its place; needed when it is in use")
      .optional(),
  }),
  audit: { clear: ["environmentId"] },
  output: z.object({
    role,
    changedMemberships: z.int().min(0).describe("How many memberships got the replacement"),
  }),
  async confirm({ environmentId, roleName, replacementRoleName }, { workspace }) {
    const role = await workspace.getEnvironmentRole(environmentId, roleName);
    assertReplaceable(role, replacementRoleName);
    const replacement = replacementRoleName === undefined
      ? undefined
      : await workspace.getEnvironmentRole(environmentId, replacementRoleName);
    const environment = await nameEnvironment(workspace, environmentId);
    return `Delete the role ${shown(role)} of the environment ${environment}? ` +
      consequence(role, replacement);
  },
  handle: ({ environmentId, roleName, replacementRoleName }, { workspace }) =>
    workspace.deleteEnvironmentRole(environmentId, roleName, replacementRoleName),
});

function consequence(role: CountedRole, replacement: CountedRole | undefined): string {
  const { membershipCount, defaultCreator, defaultMember } = role;
  if (replacement === undefined) return "No membership has it, and it is no default.";
  const becomes = [
    ...(defaultCreator ? ["the default of creators"] : []),
    ...(defaultMember ? ["the default of members"] : []),
  ];
  const memberships = membershipCount === 0
    ? "No membership has it."
    : `The memberships that have it (${membershipCount}) get the role ${
      shown(replacement)
    } instead.`;
  if (becomes.length === 0) return memberships;
  return `${memberships} The role ${shown(replacement)} becomes ${becomes.join(" and ")}.`;
}

function shown({ name, displayName }: CountedRole): string {
  return `${name} (${displayName})`;
}
