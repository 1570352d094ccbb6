/** Creates a role in an environment. */

import { z } from "zod";
import { role } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId, line, roleName, text } from "./shapes.ts";

export default defineTool({
  name: "create_environment_role",
  title: "Create environment role",
  description:
    "Creates a role that users of the environment can have in organizations, and returns it. The name is what " +
    "applications read in tokens and what create_organization_user takes; it cannot be changed later, the display " +
    "name and description can. Look at list_environment_roles first. A role says who someone is: what it lets them " +
    "do is decided by the applications. With defaultCreator or defaultMember it takes the place of the role that is " +
    "the default now, so set these only if that is asked for. " +
    "Errors: conflict, the name is taken or the environment has 100 roles; not_found, there is no such environment; " +
    "invalid_input, the name has other characters than letters, digits and underscores.",
  effect: "create",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    roleName: roleName.describe("Up to 64 letters, digits or underscores; case-sensitive"),
    displayName: line(100).describe("Name that people see").meta({ examples: ["Support agent"] }),
    description: text(2000).describe("What the role is for")
      .meta({ examples: ["Answers customers, and changes nothing"] }).optional(),
    defaultCreator: z.boolean().default(false)
      .describe("Whether it becomes the role of who creates an organization"),
    defaultMember: z.boolean().default(false)
      .describe("Whether it becomes the role of who joins without another role"),
  }),
  audit: { clear: ["environmentId", "defaultCreator", "defaultMember"] },
  output: role,
  handle: ({ environmentId, roleName, ...input }, { workspace }) =>
    workspace.createEnvironmentRole(environmentId, { name: roleName, ...input }),
});
