/** Builds what can be built anew while the server runs: scopes, issuers, limits, and the pipeline over them. */

import { createAccessControl } from "../auth/access_control.ts";
import type { AccessControl } from "../auth/access_control.ts";
import type { ProofVerifier } from "../auth/dpop.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import type { Issuer } from "../auth/issuer.ts";
import { createAuthenticator } from "../auth/mod.ts";
import type { RevocationList } from "../auth/revocation.ts";
import { createScopePolicy } from "../auth/scopes.ts";
import { createTokenVerifier, DEFAULT_CACHE } from "../auth/token_verifier.ts";
import type { ChangeBus } from "../http/change_bus.ts";
import { createHandler } from "../http/handler.ts";
import type { Handler } from "../http/handler.ts";
import type { LiveRequests } from "../http/live.ts";
import { createMcp } from "../http/mcp.ts";
import type { McpDispatcher } from "../http/mcp.ts";
import { renderHome } from "../http/pages/home.ts";
import type { Limits } from "../http/limits/mod.ts";
import { createPeerOf } from "../http/peer.ts";
import { intentOf } from "../http/record.ts";
import { createRoutes } from "../http/routes.ts";
import type { PublicDocument, RouteOptions } from "../http/routes.ts";
import { prompts } from "../prompts/mod.ts";
import { createPrompts } from "../prompts/registry.ts";
import { resources } from "../resources/mod.ts";
import { createResources } from "../resources/registry.ts";
import type { AuditLog } from "../store/audit.ts";
import type { RevocationStore } from "../store/revocation.ts";
import type { Store } from "../store/mod.ts";
import type { Workspace } from "../store/workspace.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createExecutor } from "../tools/execute.ts";
import { createRegistry } from "../tools/registry.ts";
import type { AnyToolDefinition, Registry } from "../tools/registry.ts";
import type { ExchangedTokens } from "../upstream/credentials.ts";
import type { Upstreams } from "../upstream/mod.ts";
import type { Config } from "./config_schema.ts";
import { INSTRUCTIONS } from "./instructions.ts";
import { issuerTerms, resourcesByHost, trustedIssuers } from "./issuers.ts";
import type { KeySources } from "./issuers.ts";
import type { OwnRecorder } from "./recorder.ts";
import { warnOfMissing } from "./upstreams.ts";
import { NAME, VERSION } from "./version.ts";

/** What outlives a configuration. */
export interface Foundation {
  readonly store: Store;
  /** The store's, which tells of what is written. */
  readonly workspace: Workspace;
  readonly changes: ChangeBus;
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  readonly recorder: OwnRecorder;
  /** Records what it is told to add. */
  readonly revocationStore: RevocationStore;
  readonly revocations: RevocationList;
  readonly live: LiveRequests;
  readonly authorizationServer: AuthorizationServer | undefined;
  readonly verifyProof: ProofVerifier;
  /** Signs questions to people. Where instances do not share one, what was asked before a restart is asked again. */
  readonly confirmationKey: Uint8Array;
  readonly keySources: KeySources;
  readonly exchanged: ExchangedTokens;
  readonly tools: readonly AnyToolDefinition[];
  readonly logger: Logger;
  readonly now: () => Date;
  /** Replaces the protocol side; the conformance suite brings its own tools. */
  readonly mcp?: McpDispatcher;
}

/** One configuration at work. */
export interface Pipeline {
  readonly handler: Handler;
  readonly registry: Registry;
  readonly issuers: readonly Issuer[];
  readonly access: AccessControl;
  readonly mcp: McpDispatcher;
}

/**
 * Builds the pipeline of a configuration; `limits` and `upstreams` are those that it asks for.
 *
 * @throws {AppError} `invalid_request` that lists what is wrong.
 */
export function buildPipeline(
  config: Config,
  foundation: Foundation & Pick<RouteOptions, "stopping">,
  limits: Limits | undefined,
  upstreams: Upstreams,
): Pipeline {
  const { store, workspace, audit, metrics, revocations, logger, now } = foundation;
  const { authorizationServer } = foundation;
  const policy = createScopePolicy(config.scopes);
  const registry = createRegistry(foundation.tools, policy);
  warnOfMissing(registry, upstreams, logger);
  const offer = {
    resources: createResources(resources, policy),
    prompts: createPrompts(prompts, policy),
    policy,
    workspace,
  };
  const hosts = resourcesByHost(config, policy);
  const issuers = trustedIssuers(config, {
    audiences: new Set([...hosts.values()].map((resource) => resource.resource)),
    authorizationServer,
    keySources: foundation.keySources,
  });
  const onUnexpected = (error: unknown, requestId: string) =>
    logger.error("unexpected error", { request_id: requestId, error: describeError(error) });
  const access = createAccessControl({
    terms: issuerTerms(config),
    store: foundation.revocationStore,
    list: revocations,
    audit,
    now,
  });
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
      workspace,
      audit,
      access,
      idempotency: store.idempotency,
      upstreams,
      now,
      log: logger.info,
      measure: metrics.toolRan,
      limits: limitsOf(config),
    }),
    confirmation: { key: foundation.confirmationKey, replay: store.replay, now },
    offer,
    changes: foundation.changes,
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
      ...(foundation.stopping && { stopping: foundation.stopping }),
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
      verifyProof: foundation.verifyProof,
      revocations,
      now,
      subjectIssuers: upstreams.subjectIssuers,
    }),
    live: foundation.live,
    registry,
    offer,
    policy,
    mcp,
    bodyTimeoutMs: config.bodyTimeoutMs,
    limits,
    levels: metrics,
    ...(config.trustedProxies.length > 0 && { peerOf: createPeerOf(config.trustedProxies) }),
    audit: foundation.recorder,
    onUnexpected,
    now,
  });
  return { handler, registry, issuers, access, mcp };
}

function limitsOf({ rateLimit }: Config) {
  const { mode, client, tool, concurrent } = rateLimit;
  return mode === "on" ? { client, tool, concurrent } : undefined;
}

function cacheOf({ verificationCache }: Config) {
  if (verificationCache === "off") return {};
  return { cache: verificationCache === "on" ? DEFAULT_CACHE : verificationCache };
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
