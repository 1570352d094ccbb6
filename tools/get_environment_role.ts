/** Returns one role of an environment, with how many memberships have it. */

import { z } from "zod";
import { role } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId, roleName } from "./shapes.ts";

export default defineTool({
  name: "get_environment_role",
  title: "Get environment role",
  description:
    "Returns one role of an environment by its name, with membershipCount: how many memberships have it in all " +
    "organizations of the environment. Use it before update_environment_role or delete_environment_role, to see " +
    "whom a change would reach. Take the name from list_environment_roles; it is case-sensitive. " +
    "The error not_found means that this environment has no role of that name: it may be in another environment.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId, roleName }),
  audit: { clear: ["environmentId"] },
  output: role.extend({
    membershipCount: z.int().min(0).describe(
      "Memberships that have the role, of all organizations",
    ),
  }),
  handle: ({ environmentId, roleName }, { workspace }) =>
    workspace.getEnvironmentRole(environmentId, roleName),
});
