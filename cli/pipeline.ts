/** Builds what can be built anew while the server runs: scopes, issuers, limits, and the pipeline over them. */

import type { ProofVerifier } from "../auth/dpop.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import { createAuthenticator } from "../auth/mod.ts";
import { createScopePolicy } from "../auth/scopes.ts";
import { createTokenVerifier, DEFAULT_CACHE } from "../auth/token_verifier.ts";
import { createHandler } from "../http/handler.ts";
import type { Handler, HandlerDeps } from "../http/handler.ts";
import { createMcp } from "../http/mcp.ts";
import type { McpDispatcher } from "../http/mcp.ts";
import { renderHome } from "../http/pages/home.ts";
import { createGate, createLimiter, DEFAULT_RATE_LIMITS } from "../http/rate_limit.ts";
import { intentOf } from "../http/record.ts";
import { createRoutes } from "../http/routes.ts";
import type { PublicDocument } from "../http/routes.ts";
import type { AuditEvent, AuditLog } from "../store/audit.ts";
import type { Store } from "../store/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { createExecutor } from "../tools/execute.ts";
import { tools } from "../tools/mod.ts";
import { createRegistry } from "../tools/registry.ts";
import type { Registry } from "../tools/registry.ts";
import type { Config } from "./config_schema.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { resourcesByHost, trustedIssuers } from "./issuers.ts";
import type { KeySources } from "./issuers.ts";
import { logFields } from "./request_log.ts";
import { NAME, VERSION } from "./version.ts";

/** What outlives a configuration. */
export interface Foundation {
  readonly store: Store;
  readonly audit: AuditLog;
  readonly authorizationServer: AuthorizationServer | undefined;
  readonly verifyProof: ProofVerifier;
  /** Signs questions to people; what was asked before a restart has to be asked again. */
  readonly confirmationKey: Uint8Array;
  readonly keySources: KeySources;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Replaces the protocol side; the conformance suite brings its own tools. */
  readonly mcp?: McpDispatcher;
}

/** One configuration at work. */
export interface Pipeline {
  readonly handler: Handler;
  readonly registry: Registry;
  readonly issuers: readonly string[];
  readonly mcp: McpDispatcher;
  readonly limits: HandlerDeps["limits"];
}

/**
 * Builds the pipeline of a configuration; `former` is the one that it takes over from, and whose counts go on.
 *
 * @throws {AppError} `invalid_request` that lists what is wrong.
 */
export function buildPipeline(
  config: Config,
  foundation: Foundation,
  former?: { readonly config: Config; readonly pipeline: Pipeline },
): Pipeline {
  const { store, audit, authorizationServer, logger, now } = foundation;
  const policy = createScopePolicy(config.scopes);
  const registry = createRegistry(tools, policy);
  const hosts = resourcesByHost(config, policy);
  const issuers = trustedIssuers(config, {
    audiences: new Set([...hosts.values()].map((resource) => resource.resource)),
    authorizationServer,
    keySources: foundation.keySources,
  });
  const limits = former && sameLimits(former.config, config)
    ? former.pipeline.limits
    : limitsOf(config);
  const onUnexpected = (error: unknown, requestId: string) =>
    logger.error("unexpected error", { request_id: requestId, error: describeError(error) });
  const record = (event: AuditEvent) => {
    if (event.event !== "request.served") audit.record(event);
    logger.info("request", logFields(event));
  };
  const mcp = foundation.mcp ?? createMcp({
    name: NAME,
    version: VERSION,
    instructions: INSTRUCTIONS,
    registry,
    policy,
    visibility: config.toolVisibility,
    execute: createExecutor({
      registry,
      policy,
      workspace: store.workspace,
      audit,
      now,
      log: logger.info,
    }),
    confirmation: { key: foundation.confirmationKey, replay: store.replay, now },
    intend: (exchange) => audit.commit(intentOf(exchange, now(), audit.fingerprint)),
    onUnexpected,
  });
  const names = issuers.map((issuer) => issuer.issuer);
  const home = once((resource) =>
    renderHome({
      name: NAME,
      version: VERSION,
      resource,
      origin: new URL(resource).origin,
      issuers: names,
      embedded: authorizationServer !== undefined,
      tools: registry.tools,
      policy,
    })
  );
  const handler = createHandler({
    admission: { hosts, maxBodyBytes: config.maxBodyBytes },
    allowedOrigins: new Set(config.allowedOrigins),
    routes: createRoutes({
      home: ({ resource }) => home(resource),
      ...(authorizationServer
        ? { authorizationServerMetadata: () => authorizationServer.metadata() }
        : {}),
    }),
    authenticator: createAuthenticator({
      verifyToken: createTokenVerifier({ issuers, ...cacheOf(config) }),
      verifyProof: foundation.verifyProof,
      now,
    }),
    registry,
    policy,
    mcp,
    bodyTimeoutMs: config.bodyTimeoutMs,
    limits,
    audit: {
      record,
      fingerprint: audit.fingerprint,
      get writable() {
        return audit.writable;
      },
    },
    onUnexpected,
    now,
  });
  return { handler, registry, issuers: names, mcp, limits };
}

function cacheOf({ verificationCache }: Config) {
  if (verificationCache === "off") return {};
  return { cache: verificationCache === "on" ? DEFAULT_CACHE : verificationCache };
}

function limitsOf({ rateLimit }: Config): HandlerDeps["limits"] {
  if (rateLimit === "off") return undefined;
  const chosen = rateLimit === "on" ? {} : rateLimit;
  return {
    address: createLimiter("address", chosen.address ?? DEFAULT_RATE_LIMITS.address),
    client: createLimiter("client", chosen.client ?? DEFAULT_RATE_LIMITS.client),
    concurrent: createGate("concurrent", chosen.concurrent ?? DEFAULT_RATE_LIMITS.concurrent),
  };
}

function sameLimits(one: Config, other: Config): boolean {
  return JSON.stringify(one.rateLimit) === JSON.stringify(other.rateLimit);
}

/** Renders the page of each resource name once; there are as many as allow-listed hosts. */
function once(render: (resource: string) => PublicDocument): (resource: string) => PublicDocument {
  const rendered = new Map<string, PublicDocument>();
  return (resource) => {
    const known = rendered.get(resource) ?? render(resource);
    rendered.set(resource, known);
    return known;
  };
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
