/** Changes the description of a scope, or whether tokens are issued with it. */

import { z } from "zod";
import { scope } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { changesSomething, environmentId, scopeName, text } from "./shapes.ts";

export default defineTool({
  name: "update_environment_scope",
  title: "Update environment scope",
  description:
    "Changes the description of a scope, or switches it off and on, and returns it as it is afterwards. What you " +
    "leave out stays as it is; an empty description takes the description away. With enabled false no new token " +
    "gets the scope, and tokens that have it keep it until they expire: a gentler step than " +
    "delete_environment_scope, and one that can be taken back. Take the name from list_environment_scopes. " +
    "Errors: not_found, this environment has no scope of that name; invalid_input, nothing to change is named.",
  effect: "update",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    scopeName,
    description: text(2000).describe("New description; empty for none")
      .meta({ examples: ["Look at invoices"] }).optional(),
    enabled: z.boolean().describe("Whether tokens are issued with it").optional(),
  }).refine(...changesSomething(["description", "enabled"])),
  audit: { clear: ["environmentId", "enabled"] },
  output: scope,
  handle: ({ environmentId, scopeName, ...changes }, { workspace }) =>
    workspace.updateEnvironmentScope(environmentId, scopeName, changes),
});
