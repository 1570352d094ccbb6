/** The composition root: builds everything that one configuration asks for, in the order it depends on each other. */

import { randomBytes } from "node:crypto";
import { createProofVerifier } from "../auth/dpop.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import { createAuthenticator } from "../auth/mod.ts";
import { createScopePolicy } from "../auth/scopes.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { createTokenVerifier, DEFAULT_CACHE } from "../auth/token_verifier.ts";
import { createHandler } from "../http/handler.ts";
import type { Handler } from "../http/handler.ts";
import type { Decision } from "../http/record.ts";
import { createMcp } from "../http/mcp.ts";
import type { McpDispatcher } from "../http/mcp.ts";
import { catalogueHash } from "../http/operator/catalogue.ts";
import type { OperatorParts } from "../http/operator/parts.ts";
import { createReadiness } from "../http/operator/readiness.ts";
import { renderHome } from "../http/pages/home.ts";
import { createGate, createLimiter, DEFAULT_RATE_LIMITS } from "../http/rate_limit.ts";
import { createRoutes, MCP_PATH } from "../http/routes.ts";
import type { PublicDocument } from "../http/routes.ts";
import { openStore } from "../store/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createExecutor } from "../tools/execute.ts";
import { tools } from "../tools/mod.ts";
import { createRegistry } from "../tools/registry.ts";
import type { Registry } from "../tools/registry.ts";
import { readinessChecks } from "./checks.ts";
import { publicOrigins } from "./config.ts";
import type { Config } from "./config_schema.ts";
import { startEmbedded } from "./embedded.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { resourcesByHost, trustedIssuers } from "./issuers.ts";
import { NAME, VERSION } from "./version.ts";

/** A running server without its listener. */
export interface App {
  readonly handler: Handler;
  readonly registry: Registry;
  readonly resource: string;
  readonly issuers: readonly string[];
  readonly authorizationServer: AuthorizationServer | undefined;
  /** What the operator listener shows. */
  readonly operator: OperatorParts;
  /** Says that this instance wants no more work; it answers what it gets all the same. */
  stopping(): void;
  /** Ends running calls, then the authorization server, then the store. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly logger: Logger;
  readonly now?: () => Date;
  /** Replaces the protocol side; the conformance suite brings its own tools. */
  readonly mcp?: McpDispatcher;
}

/**
 * Builds the server.
 *
 * @throws {AppError} `invalid_request` or `unavailable`, with a message for the operator; what was opened is closed again.
 */
export async function createApp(config: Config, options: AppOptions): Promise<App> {
  const { logger, now = () => new Date() } = options;
  const policy = createScopePolicy(config.scopes);
  const registry = createRegistry(tools, policy);
  const store = await openStore(config.store, { now });
  let authorizationServer: AuthorizationServer | undefined;
  try {
    const origins = publicOrigins(config.url);
    if (config.issuers.length === 0) {
      authorizationServer = await startEmbedded(config, { origins, policy, store, logger, now });
    }
    return assemble(config, { ...options, now, policy, registry, store, authorizationServer });
  } catch (error) {
    await authorizationServer?.stop();
    await store.close();
    throw error;
  }
}

interface Parts extends AppOptions {
  readonly now: () => Date;
  readonly policy: ScopePolicy;
  readonly registry: Registry;
  readonly store: Store;
  readonly authorizationServer: AuthorizationServer | undefined;
}

function assemble(config: Config, parts: Parts): App {
  const { logger, now, policy, registry, store, authorizationServer } = parts;
  const hosts = resourcesByHost(config, policy);
  const metrics = createMetrics({
    version: VERSION,
    tools: registry.tools.map(({ name }) => name),
    limits: ["address", "client", "concurrent"],
  });
  const issuers = trustedIssuers(config, {
    audiences: new Set([...hosts.values()].map((resource) => resource.resource)),
    authorizationServer,
    now,
    logger,
    observe: metrics.observe,
  });
  const onUnexpected = (error: unknown, requestId: string) =>
    logger.error("unexpected error", { request_id: requestId, error: describeError(error) });
  const mcp = parts.mcp ?? createMcp({
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
      now,
      log: logger.info,
      measure: metrics.toolRan,
    }),
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
      verifyToken: createTokenVerifier({
        issuers,
        ...cacheOf(config),
        onChecked: metrics.tokenChecked,
      }),
      verifyProof: createProofVerifier({ replay: store.replay, nonceKey: randomBytes(32) }),
      now,
    }),
    registry,
    policy,
    mcp,
    bodyTimeoutMs: config.bodyTimeoutMs,
    ...limitsOf(config),
    levels: metrics,
    record(decision) {
      count(metrics, decision);
      logger.info("request", { ...decision });
    },
    onUnexpected,
    now,
  });
  let isStopping = false;
  const readiness = createReadiness({
    checks: readinessChecks(store, issuers),
    catalogue: catalogueHash(registry),
    stopping: () => isStopping,
  });
  return {
    handler,
    registry,
    resource: config.url + MCP_PATH,
    issuers: names,
    authorizationServer,
    operator: { metrics, readiness },
    stopping: () => void (isStopping = true),
    async close() {
      await mcp.close();
      await authorizationServer?.stop();
      await store.close();
    },
  };
}

function count(metrics: Metrics, decision: Decision): void {
  const { rpcMethod: method, durationMs } = decision;
  metrics.request({ ...decision, method, seconds: durationMs / 1000 });
}

function cacheOf(config: Config) {
  const { verificationCache } = config;
  if (verificationCache === "off") return {};
  return { cache: verificationCache === "on" ? DEFAULT_CACHE : verificationCache };
}

function limitsOf(config: Config) {
  if (config.rateLimit === "off") return {};
  const chosen = config.rateLimit === "on" ? {} : config.rateLimit;
  return {
    limits: {
      address: createLimiter("address", chosen.address ?? DEFAULT_RATE_LIMITS.address),
      client: createLimiter("client", chosen.client ?? DEFAULT_RATE_LIMITS.client),
      concurrent: createGate("concurrent", chosen.concurrent ?? DEFAULT_RATE_LIMITS.concurrent),
    },
  };
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
