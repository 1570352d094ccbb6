/** Creates a scope in an environment. */

import { z } from "zod";
import { scope } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId, scopeName, text } from "./shapes.ts";

export default defineTool({
  name: "create_environment_scope",
  title: "Create environment scope",
  description:
    "Creates a scope that applications of the environment can ask for in access tokens, and returns it, enabled. " +
    "People read the description where they are asked to agree, so say in it what they give away. The name cannot " +
    "be changed later: letters, digits and colons, such as invoice:read. Look at list_environment_scopes first. " +
    "Errors: conflict, the name is taken or the environment has 100 scopes; not_found, there is no such " +
    "environment; invalid_input, the name has other characters, such as a dot, dash or underscore.",
  effect: "create",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    scopeName: scopeName.describe("Up to 64 letters, digits or colons; case-sensitive"),
    description: text(2000).describe("What it opens, for the people who are asked to agree")
      .meta({ examples: ["Read the invoices of your organization"] }).optional(),
  }),
  audit: { clear: ["environmentId"] },
  output: scope,
  handle: ({ environmentId, scopeName, description }, { workspace }) =>
    workspace.createEnvironmentScope(environmentId, { name: scopeName, description }),
});
