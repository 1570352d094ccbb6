/** Deletes a scope of an environment. */

import { z } from "zod";
import { nameEnvironment, scope } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId, scopeName } from "./shapes.ts";

export default defineTool({
  name: "delete_environment_scope",
  title: "Delete environment scope",
  description:
    "Deletes a scope of an environment: applications that ask for it get no token with it any more, and what it " +
    "opened is closed to them. Tokens that have it keep it until they expire. Where you are not sure that nobody " +
    "needs it, switch it off with update_environment_scope first and wait. Take the name from " +
    "list_environment_scopes. Returns the scope as it was. " +
    "The error not_found means that this environment has no scope of that name.",
  effect: "delete",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, scopeName }),
  audit: { clear: ["environmentId"] },
  output: scope,
  async confirm({ environmentId, scopeName }, { workspace }) {
    const { name, description, enabled } = await workspace
      .getEnvironmentScope(environmentId, scopeName);
    const environment = await nameEnvironment(workspace, environmentId);
    const shown = description === "" ? name : `${name} (${start(description)})`;
    return `Delete the scope ${shown} of the environment ${environment}? ` +
      (enabled
        ? "It is enabled: applications that ask for it will get no token with it any more."
        : "It is switched off, so no token is issued with it now.");
  },
  handle: ({ environmentId, scopeName }, { workspace }) =>
    workspace.deleteEnvironmentScope(environmentId, scopeName),
});

/** A description may be longer than a question. */
const MOST_CHARACTERS = 200;

function start(description: string): string {
  if (description.length <= MOST_CHARACTERS) return description;
  return `${description.slice(0, MOST_CHARACTERS)}...`;
}
