/** The scopes of an environment, which the API shows and changes for nobody but a person of the workspace. */

import type { ScopeWorkspace } from "../workspace/scopes.ts";
import { type Context, IN_DASHBOARD, notSupported } from "./context.ts";

export function scopes({ of }: Context): ScopeWorkspace {
  // deno-lint-ignore require-await -- a refusal is a rejection, not a throw
  const refuse = async (environmentId: string): Promise<never> => {
    of(environmentId);
    throw notSupported("the scopes of an environment to its clients", IN_DASHBOARD);
  };
  return {
    listEnvironmentScopes: refuse,
    getEnvironmentScope: refuse,
    createEnvironmentScope: refuse,
    updateEnvironmentScope: refuse,
    deleteEnvironmentScope: refuse,
  };
}
