/** Which scopes a request gets for which resource (RFC 6749 section 3.3, RFC 8707). */

import type { ScopePolicy } from "../scopes.ts";
import { errors } from "./library.ts";
import type { LibraryClient, LibraryContext } from "./library.ts";

export interface ScopeRuleOptions {
  readonly resources: readonly string[];
  readonly policy: ScopePolicy;
}

/** What the library calls a resource server. */
interface ResourceServer {
  readonly scope: string;
  readonly audience: string;
  readonly accessTokenFormat: "jwt";
  readonly accessTokenTTL: number;
  readonly jwt: { readonly sign: { readonly alg: "ES256" } };
}

/** OpenID Connect's own scopes: clients ask for them by habit, and nothing depends on them here. */
const OPENID_SCOPES = new Set(["openid", "offline_access", "profile", "email", "address", "phone"]);

/** The library's questions about resources, answered by the policy. */
export function createScopeRules({ resources, policy }: ScopeRuleOptions, lifetime: number) {
  return {
    defaultResource: () => resources[0],
    useGrantedResource: () => true,
    getResourceServerInfo(
      ctx: LibraryContext,
      resource: string,
      client: LibraryClient,
    ): ResourceServer {
      const params = ctx.oidc.params ?? {};
      if (!resources.includes(resource) || Array.isArray(params["resource"])) {
        throw new errors.InvalidTarget("Name one of the protected_resources of the metadata");
      }
      let available: readonly string[] = [...policy.definitions.keys()];
      // The library decides on scopes after this call, from the parameter as it is then.
      if (ctx.oidc.route !== "token") {
        params["scope"] = authorizationScopes(split(params["scope"])).join(" ");
      } else if (params["grant_type"] === "client_credentials") {
        const registered = (client.registered_scopes ?? [])
          .filter((scope) => policy.definitions.has(scope));
        params["scope"] = clientScopes(split(params["scope"]), registered).join(" ");
        available = policy.expand(registered);
      }
      return {
        scope: available.join(" "),
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: lifetime,
        jwt: { sign: { alg: "ES256" } },
      };
    },
  };

  /** A person decides, so a client may ask for anything there is; unknown scopes are left out, as the answer tells. */
  function authorizationScopes(asked: readonly string[]): readonly string[] {
    const named = asked.filter((scope) => !OPENID_SCOPES.has(scope));
    if (named.length === 0) return policy.baseline;
    const known = named.filter((scope) => policy.definitions.has(scope));
    if (known.length === 0) throw new errors.InvalidScope("Unknown scope", named.join(" "));
    return known;
  }

  /**
   * A client alone gets what it asks for within its registration, or all of that; never silently less.
   *
   * Clients repeat what the first challenge asks for, and that is the baseline for everybody: the part of it beyond the
   * registration is left out, as the answer tells, or a client with fewer scopes could not connect at all.
   */
  function clientScopes(
    asked: readonly string[],
    registered: readonly string[],
  ): readonly string[] {
    const named = asked.filter((scope) => !OPENID_SCOPES.has(scope));
    if (named.length === 0) return registered;
    const beyond = policy.missing(registered, named);
    const granted = named.filter((scope) => !beyond.includes(scope));
    if (granted.length === 0 || beyond.some((scope) => !policy.baseline.includes(scope))) {
      throw new errors.InvalidScope(
        "The client is not registered for every scope it asks for",
        beyond.join(" "),
      );
    }
    return granted;
  }
}

function split(scope: string | string[] | undefined): readonly string[] {
  return typeof scope === "string" ? scope.split(" ").filter((token) => token !== "") : [];
}
