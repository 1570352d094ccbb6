/** The tool set as the handlers of tools may see it. */

import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { explainAccess } from "./access_explanation.ts";
import type { CallLimits } from "./access_explanation.ts";
import type { Catalogue, Registry } from "./registry.ts";

/** Shows of the registry what is no secret to any caller: names, scopes and limits. */
export function catalogueOf(
  registry: Registry,
  policy: ScopePolicy,
  limits?: CallLimits,
): Catalogue {
  return Object.freeze({
    scopesOf: (principal: Principal) => policy.expand(principal.scopes),
    access: (principal: Principal) =>
      registry.tools.map(({ name, scopes }) => ({
        name,
        scopes,
        missing: policy.missing(principal.scopes, scopes),
      })),
    explain(name: string, granted: readonly string[]) {
      const tool = registry.get(name);
      return tool && explainAccess(tool, granted, policy, limits);
    },
  });
}
