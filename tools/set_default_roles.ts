/** Chooses the roles that people get where none is named. */

import { z } from "zod";
import { defaultRoles } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { changesSomething, environmentId, roleName } from "./shapes.ts";

export default defineTool({
  name: "set_default_roles",
  title: "Set default roles",
  description:
    "Chooses which role is meant for people who create an organization in their application (defaultCreator) and " +
    "which for people who join one without another role (defaultMember). What you leave out stays as it is, and " +
    "nobody who is a member already changes. Everyone who joins later gets the role of members, so be sure that it " +
    "gives little and that it is asked for. Take role names from list_environment_roles, which shows the defaults " +
    "of now. Tools that add users name roles themselves and do not use the defaults. " +
    "Returns both defaults as they are afterwards. " +
    "Errors: not_found, this environment has no role of that name; invalid_input, no default is named.",
  effect: "update",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    defaultCreator: roleName.describe("Name of the role for who creates an organization")
      .optional(),
    defaultMember: roleName.describe("Name of the role for who joins without another").optional(),
  }).refine(...changesSomething(["defaultCreator", "defaultMember"])),
  audit: { clear: ["environmentId"] },
  output: defaultRoles,
  handle: ({ environmentId, ...defaults }, { workspace }) =>
    workspace.setDefaultRoles(environmentId, defaults),
});
