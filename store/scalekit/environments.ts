/** The environments, as the configuration has them: the API tells a client of an environment nothing about it. */

import type { Environment, Workspace } from "../workspace.ts";
import type { Context } from "./context.ts";
import { pageOf } from "./page.ts";
import type { ScalekitEnvironment } from "./settings.ts";

export function environments(
  { apis, of }: Context,
): Pick<Workspace, "listEnvironments" | "getEnvironment"> {
  return {
    // deno-lint-ignore require-await -- a token that is refused is a rejection, not a throw
    async listEnvironments(page) {
      return pageOf(
        apis.map(({ environment }) => toEnvironment(environment)),
        ["environments"],
        page,
      );
    },

    // deno-lint-ignore require-await -- as above
    async getEnvironment(environmentId) {
      return toEnvironment(of(environmentId).environment);
    },
  };
}

/** An environment that nobody calls a development one is treated with the care that production needs. */
function toEnvironment(
  { id, baseUrl, displayName, type = "PRD", regionCode }: ScalekitEnvironment,
): Environment {
  const domain = new URL(baseUrl).host;
  return {
    id,
    displayName: displayName ?? domain,
    type,
    ...(regionCode && { regionCode }),
    domain,
  };
}
