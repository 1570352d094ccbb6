/** Turns the configuration's issuers into what the verifier trusts, and the public names into resources. */

import type { IssuerTerms } from "../auth/access_control.ts";
import { canonicalAudience } from "../auth/claims.ts";
import { discoverEndpoint } from "../auth/discovery.ts";
import { DPOP_ALGORITHMS } from "../auth/dpop.ts";
import {
  ACCESS_TOKEN_TOLERANCE_SECONDS,
  REFRESH_TOKEN_SECONDS,
} from "../auth/embedded/lifetimes.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import { createIntrospection } from "../auth/introspection.ts";
import type { Issuer } from "../auth/issuer.ts";
import { remoteKeys, staticKeys } from "../auth/jwks.ts";
import type { KeySource } from "../auth/jwks.ts";
import { protectedResource } from "../auth/metadata.ts";
import type { DpopOffer, ProtectedResource } from "../auth/metadata.ts";
import { ISSUER_PROFILES } from "../auth/profiles.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { MCP_PATH } from "../http/routes.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Observe, Observed } from "../telemetry/metrics.ts";
import { publicOrigins } from "./config.ts";
import type { Config, IssuerConfig } from "./config_schema.ts";
import { NAME } from "./version.ts";

export interface IssuerParts {
  /** The resource under each of its names. */
  readonly audiences: ReadonlySet<string>;
  readonly authorizationServer: Pick<AuthorizationServer, "issuer" | "jwks"> | undefined;
  readonly keySources: KeySources;
}

/** Gives out the keys of a configured issuer: the same source for as long as its place and algorithms are the same. */
export type KeySources = (issuer: IssuerConfig) => KeySource;

export interface KeySourceParts {
  readonly now: () => Date;
  readonly logger: Logger;
  /** Takes how old keys are; absent where nobody asks. */
  readonly observe?: Observe;
}

/** Builds the sources; a configuration that is read again finds the keys that were fetched before. */
export function createKeySources(
  { now, logger, observe }: KeySourceParts,
): KeySources {
  const sources = new Map<string, KeySource>();
  return ({ issuer, jwksUri, algorithms }) => {
    const key = JSON.stringify([issuer, jwksUri, algorithms]);
    const known = sources.get(key);
    if (known) return known;
    const source = remoteKeys({
      locate: () => locate(issuer, "jwks_uri", jwksUri),
      algorithms,
      now: () => now().getTime(),
      log: (message, properties) => logger.warning(message, { issuer, ...properties }),
    });
    observe?.(STALE_KEYS, { issuer }, () => source.staleSeconds);
    sources.set(key, source);
    return source;
  };
}

const EMBEDDED_TIMES = { clockTolerance: ACCESS_TOKEN_TOLERANCE_SECONDS, maxLifetime: 3600 };

const STALE_KEYS: Observed = {
  name: "gatehouse.jwks.stale",
  description: "How long the keys of an issuer have been used past their freshness",
  unit: "s",
};

/** How long tokens of each issuer can be good for, known without asking any of them. */
export function issuerTerms(config: Config): readonly IssuerTerms[] {
  if (config.issuers.length === 0) {
    return [{
      issuer: config.authorizationServer.url,
      ...EMBEDDED_TIMES,
      grantLifetime: REFRESH_TOKEN_SECONDS,
    }];
  }
  return config.issuers.map(({ issuer, maxLifetimeSeconds, clockToleranceSeconds }) => ({
    issuer,
    maxLifetime: maxLifetimeSeconds,
    clockTolerance: clockToleranceSeconds,
  }));
}

/** The embedded authorization server where it runs, otherwise the configured issuers; never both. */
export function trustedIssuers(config: Config, parts: IssuerParts): readonly Issuer[] {
  const { authorizationServer } = parts;
  if (authorizationServer === undefined) {
    return config.issuers.map((item) => remoteIssuer(item, parts));
  }
  const algorithms = ["ES256"];
  const { dpop: mode, dpopNonce: nonce } = config.authorizationServer;
  return [{
    issuer: authorizationServer.issuer,
    profile: ISSUER_PROFILES.rfc9068,
    audiences: parts.audiences,
    strictAudience: true,
    ...EMBEDDED_TIMES,
    algorithms,
    keys: staticKeys(authorizationServer.jwks, algorithms),
    dpop: { mode, nonce },
  }];
}

function remoteIssuer(item: IssuerConfig, parts: IssuerParts): Issuer {
  const { issuer, algorithms, introspection } = item;
  const rules = {
    issuer,
    profile: ISSUER_PROFILES[item.profile],
    audiences: item.audiences ? new Set(item.audiences.map(canonicalAudience)) : parts.audiences,
    strictAudience: item.strictAudience,
    clockTolerance: item.clockToleranceSeconds,
    maxLifetime: item.maxLifetimeSeconds,
  };
  return {
    ...rules,
    algorithms,
    keys: parts.keySources(item),
    dpop: { mode: item.dpop, nonce: item.dpopNonce },
    ...(introspection && {
      introspect: createIntrospection({
        locate: () => locate(issuer, "introspection_endpoint", introspection.endpoint),
        clientId: introspection.clientId,
        clientSecret: introspection.clientSecret,
        cacheSeconds: introspection.cacheSeconds,
      }, rules),
    }),
  };
}

async function locate(
  issuer: string,
  member: "jwks_uri" | "introspection_endpoint",
  configured: string | undefined,
): Promise<string> {
  return configured ?? await discoverEndpoint(issuer, member);
}

/** On loopback each name of the machine has its own document, since clients compare it with the URL they were given (R3). */
export function resourcesByHost(
  config: Config,
  policy: ScopePolicy,
): ReadonlyMap<string, ProtectedResource> {
  const embedded = config.issuers.length === 0;
  const describe = (origin: string) =>
    protectedResource({
      origin,
      path: MCP_PATH,
      name: NAME,
      authorizationServers: embedded
        ? [config.authorizationServer.url]
        : config.issuers.map((item) => item.issuer),
      scopes: policy.baseline,
      dpop: dpopOffer(embedded ? [config.authorizationServer] : config.issuers),
    });
  const own = new Map(
    publicOrigins(config.url).map((origin) => [new URL(origin).host, describe(origin)]),
  );
  const canonical = describe(config.url);
  return new Map(
    config.allowedHosts.map((host) => {
      const name = host.toLowerCase();
      return [name, own.get(name) ?? canonical];
    }),
  );
}

/** Bound tokens are offered where one issuer has them, and demanded where every issuer demands them. */
function dpopOffer(
  issuers: readonly { readonly dpop: "off" | "optional" | "required" }[],
): DpopOffer | undefined {
  if (issuers.every(({ dpop }) => dpop === "off")) return undefined;
  return {
    algorithms: DPOP_ALGORITHMS,
    required: issuers.every(({ dpop }) => dpop === "required"),
  };
}
