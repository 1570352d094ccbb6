/** The composition root: builds everything that one configuration asks for, in the order it depends on each other. */

import { randomBytes, randomUUID } from "node:crypto";
import { createAccessControl } from "../auth/access_control.ts";
import { createProofVerifier } from "../auth/dpop.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import { createAuthenticator } from "../auth/mod.ts";
import { startRevocations } from "../auth/revocation.ts";
import type { RevocationList } from "../auth/revocation.ts";
import { createScopePolicy } from "../auth/scopes.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { createTokenVerifier, DEFAULT_CACHE } from "../auth/token_verifier.ts";
import { createHandler } from "../http/handler.ts";
import type { Handler } from "../http/handler.ts";
import { createLiveRequests } from "../http/live.ts";
import { createMcp } from "../http/mcp.ts";
import type { McpDispatcher } from "../http/mcp.ts";
import { renderHome } from "../http/pages/home.ts";
import { createGate, createLimiter, DEFAULT_RATE_LIMITS } from "../http/rate_limit.ts";
import { createRoutes, MCP_PATH } from "../http/routes.ts";
import type { PublicDocument } from "../http/routes.ts";
import { openStore } from "../store/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { createExecutor } from "../tools/execute.ts";
import { tools } from "../tools/mod.ts";
import { createRegistry } from "../tools/registry.ts";
import type { Registry } from "../tools/registry.ts";
import { publicOrigins } from "./config.ts";
import type { Config } from "./config_schema.ts";
import { startEmbedded } from "./embedded.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { issuerTerms, resourcesByHost, trustedIssuers } from "./issuers.ts";
import { NAME, VERSION } from "./version.ts";

/** A running server without its listener. */
export interface App {
  readonly handler: Handler;
  readonly registry: Registry;
  readonly resource: string;
  readonly issuers: readonly string[];
  readonly authorizationServer: AuthorizationServer | undefined;
  readonly revocations: RevocationList;
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
  let revocations: RevocationList | undefined;
  let authorizationServer: AuthorizationServer | undefined;
  try {
    revocations = await startRevocations({
      store: store.revocations,
      instance: randomUUID(),
      now,
      onUnreadable: (error) =>
        logger.error("revocations cannot be read", { error: describeError(error) }),
    });
    const origins = publicOrigins(config.url);
    if (config.issuers.length === 0) {
      const parts = { origins, policy, store, revocations, logger, now };
      authorizationServer = await startEmbedded(config, parts);
    }
    const parts = { now, policy, registry, store, revocations, authorizationServer };
    return assemble(config, { ...options, ...parts });
  } catch (error) {
    await authorizationServer?.stop();
    await revocations?.close();
    await store.close();
    throw error;
  }
}

interface Parts extends AppOptions {
  readonly now: () => Date;
  readonly policy: ScopePolicy;
  readonly registry: Registry;
  readonly store: Store;
  readonly revocations: RevocationList;
  readonly authorizationServer: AuthorizationServer | undefined;
}

function assemble(config: Config, parts: Parts): App {
  const { logger, now, policy, registry, store, revocations, authorizationServer } = parts;
  const hosts = resourcesByHost(config, policy);
  const issuers = trustedIssuers(config, {
    audiences: new Set([...hosts.values()].map((resource) => resource.resource)),
    authorizationServer,
    now,
    logger,
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
      access: createAccessControl({
        terms: issuerTerms(config),
        store: store.revocations,
        list: revocations,
        now,
      }),
      now,
      log: logger.info,
    }),
    onUnexpected,
  });
  const live = createLiveRequests({ check: revocations.check });
  revocations.onChange(live.endWhere);
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
      verifyProof: createProofVerifier({ replay: store.replay, nonceKey: randomBytes(32) }),
      revocations,
      now,
    }),
    live,
    registry,
    policy,
    mcp,
    bodyTimeoutMs: config.bodyTimeoutMs,
    ...limitsOf(config),
    record: (decision) => logger.info("request", { ...decision }),
    onUnexpected,
    now,
  });
  return {
    handler,
    registry,
    resource: config.url + MCP_PATH,
    issuers: names,
    authorizationServer,
    revocations,
    async close() {
      await mcp.close();
      await authorizationServer?.stop();
      await revocations.close();
      await store.close();
    },
  };
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
