/** Changes what people read about a role. */

import { z } from "zod";
import { role } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { changesSomething, environmentId, line, roleName, text } from "./shapes.ts";

export default defineTool({
  name: "update_environment_role",
  title: "Update environment role",
  description:
    "Changes the display name or the description of a role and returns the role as it is afterwards. What you leave " +
    "out stays as it is; an empty description takes the description away. The name itself cannot change, as " +
    "memberships and applications refer to it: create another role and delete this one with that as replacement. " +
    "For the default roles use set_default_roles. Take the name from list_environment_roles. " +
    "Errors: not_found, this environment has no role of that name; invalid_input, nothing to change is named.",
  effect: "update",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    roleName,
    displayName: line(100).describe("New name that people see")
      .meta({ examples: ["Support agent"] }).optional(),
    description: text(2000).describe("New description; empty for none")
      .meta({ examples: ["Answers customers, and changes nothing"] }).optional(),
  }).refine(...changesSomething(["displayName", "description"])),
  audit: { clear: ["environmentId"] },
  output: role,
  handle: ({ environmentId, roleName, ...changes }, { workspace }) =>
    workspace.updateEnvironmentRole(environmentId, roleName, changes),
});
