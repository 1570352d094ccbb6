/** The composition root: opens what lasts, builds the pipeline of a configuration over it, and closes both in order. */

import { randomUUID } from "node:crypto";
import { createProofVerifier } from "../auth/dpop.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import { startRevocations } from "../auth/revocation.ts";
import type { RevocationList } from "../auth/revocation.ts";
import { recordingRevocations } from "../auth/revocation_audit.ts";
import { createScopePolicy } from "../auth/scopes.ts";
import { createChangeBus } from "../http/change_bus.ts";
import type { Handler } from "../http/handler.ts";
import { LIMIT_NAMES } from "../http/limits/rates.ts";
import type { Limits } from "../http/limits/mod.ts";
import { createLiveRequests } from "../http/live.ts";
import type { McpDispatcher } from "../http/mcp.ts";
import { catalogueHash } from "../http/operator/catalogue.ts";
import type { OperatorParts } from "../http/operator/parts.ts";
import { createReadiness } from "../http/operator/readiness.ts";
import { MCP_PATH } from "../http/routes.ts";
import { resources } from "../resources/mod.ts";
import type { AuditLog } from "../store/audit.ts";
import { openStore } from "../store/mod.ts";
import type { SecretStore } from "../store/mod.ts";
import { createWorkspaceEvents, observed } from "../store/workspace_events.ts";
import type { Logger } from "../telemetry/log.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { tools as ownTools } from "../tools/mod.ts";
import type { AnyToolDefinition, Registry } from "../tools/registry.ts";
import { createExchangedTokens } from "../upstream/credentials.ts";
import type { Upstreams } from "../upstream/mod.ts";
import { openServerAudit } from "./audit_log.ts";
import { readinessChecks } from "./checks.ts";
import { publicOrigins } from "./config.ts";
import type { Config } from "./config_schema.ts";
import { startEmbedded } from "./embedded.ts";
import { createKeySources } from "./issuers.ts";
import { openLimits } from "./limits.ts";
import { buildPipeline } from "./pipeline.ts";
import type { Foundation, Pipeline } from "./pipeline.ts";
import { createRecorder } from "./recorder.ts";
import { changesView, requireReloadable } from "./reload.ts";
import { sharedKey } from "./shared_keys.ts";
import { openUpstreams } from "./upstreams.ts";
import { VERSION } from "./version.ts";

/** A running server without its listener. */
export interface App {
  readonly handler: Handler;
  readonly registry: Registry;
  readonly resource: string;
  readonly issuers: readonly string[];
  readonly authorizationServer: AuthorizationServer | undefined;
  readonly audit: AuditLog;
  readonly revocations: RevocationList;
  /** The one in force. */
  readonly config: Config;
  /** What the operator listener shows. */
  readonly operator: OperatorParts;
  /** Those of the store. */
  readonly secrets: SecretStore;
  /** Says that this instance wants no more work, and ends subscriptions; it answers what it gets all the same. */
  stopping(): Promise<void>;
  /** Asks the tools that still run to come to an end. */
  windDown(): void;
  /**
   * Puts another configuration in force for the requests that come; those under way end under the former one, and
   * subscriptions end now, to be opened anew.
   *
   * @throws {AppError} `invalid_request` where it is not sound or changes what a running server cannot; nothing is changed.
   */
  reload(config: Config): Promise<void>;
  /** Ends running calls, then the authorization server, then the audit trail, then the store. */
  close(): Promise<void>;
}

export interface AppOptions {
  readonly logger: Logger;
  readonly now?: () => Date;
  /** Replaces the protocol side; the conformance suite brings its own tools. */
  readonly mcp?: McpDispatcher;
  /** Instead of those of this program. */
  readonly tools?: readonly AnyToolDefinition[];
}

/**
 * Builds the server.
 *
 * @throws {AppError} `invalid_request` or `unavailable`, with a message for the operator; what was opened is closed again.
 */
export async function createApp(config: Config, options: AppOptions): Promise<App> {
  const opened: Closable[] = [];
  try {
    const foundation = await lay(config, options, opened);
    return await start(config, foundation, opened);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

type Closable = () => Promise<void>;

/** Opens what outlives a configuration; each part is in `opened` before the next one can fail. */
async function lay(
  config: Config,
  { logger, mcp, tools = ownTools, now = () => new Date() }: AppOptions,
  opened: Closable[],
): Promise<Foundation> {
  const policy = createScopePolicy(config.scopes);
  const store = await openStore(config.store, { now, scalekit: config.scalekit });
  opened.push(() => store.close());
  const events = createWorkspaceEvents();
  const changes = createChangeBus({ events, resources });
  opened.push(() => Promise.resolve(changes.close()));
  const audit = await openServerAudit(config, { now, logger });
  opened.push(() => audit.close());
  const revocationStore = recordingRevocations(store.revocations, audit, now);
  const revocations = await startRevocations({
    store: revocationStore,
    // Not the chain alone: with trails on several machines each may have one of that name.
    instance: `${audit.chain}/${randomUUID()}`,
    now,
    onUnreadable: (error) => logger.error("revocations cannot be read", { error: String(error) }),
  });
  opened.push(() => revocations.close());
  const live = createLiveRequests({ check: revocations.check });
  revocations.onChange(live.endWhere);
  const exchanged = createExchangedTokens();
  revocations.onChange(exchanged.dropWhere);
  const metrics = createMetrics({
    version: VERSION,
    tools: tools.map(({ name }) => name),
    limits: LIMIT_NAMES,
    sources: {
      audit: { ...audit.counts, writable: () => audit.writable },
      revocations: {
        inForce: () => revocations.inForce,
        lagSeconds: () => revocations.lagSeconds,
      },
    },
  });
  const recorder = createRecorder({ audit, metrics, logger, now });
  opened.push(() => recorder.close());
  let authorizationServer: AuthorizationServer | undefined;
  if (config.issuers.length === 0) {
    const origins = publicOrigins(config.url);
    const parts = { origins, policy, store, audit: recorder, revocations, logger, now };
    const embedded = await startEmbedded(config, parts);
    opened.push(() => embedded.stop());
    authorizationServer = embedded;
  }
  return {
    store,
    workspace: observed(store.workspace, events),
    changes,
    metrics,
    audit,
    recorder,
    revocationStore,
    revocations,
    live,
    exchanged,
    authorizationServer,
    verifyProof: createProofVerifier({
      replay: store.replay,
      nonceKey: await sharedKey(config.store, store.secrets, "dpop_nonce_key"),
    }),
    confirmationKey: await sharedKey(config.store, store.secrets, "confirmation_key"),
    keySources: createKeySources({ now, logger, observe: metrics.observe }),
    tools,
    logger,
    now,
    ...(mcp && { mcp }),
  };
}

async function start(first: Config, foundation: Foundation, opened: Closable[]): Promise<App> {
  let config = first;
  let limits = await openLimits(first, foundation.logger);
  if (limits) opened.push(closing(limits));
  let upstreams = await openUpstreams(first, foundation);
  let isStopping = false;
  const stopping = () => isStopping;
  let pipeline = buildPipeline(config, { ...foundation, stopping }, limits, upstreams);
  /** A former dispatcher lives for as long as a request that it serves. */
  const former: WeakRef<McpDispatcher>[] = [];
  const { store, metrics, audit, revocations, changes } = foundation;
  const readiness = createReadiness({
    checks: readinessChecks({ store, audit, revocations, issuers: () => pipeline.issuers }),
    catalogue: catalogueHash(pipeline.registry),
    stopping,
  });

  function dispatchers(): readonly McpDispatcher[] {
    return [pipeline.mcp, ...former.flatMap((ref) => ref.deref() ?? [])];
  }

  /** Tokens stay where the upstreams do; key files may have changed, so a reload reads them again. */
  async function upstreamsFor(next: Config): Promise<Upstreams> {
    const kept = JSON.stringify(config.upstreams) === JSON.stringify(next.upstreams) &&
      !JSON.stringify(next.upstreams).includes('"privateKeyFile"');
    return kept ? upstreams : await openUpstreams(next, foundation);
  }

  return {
    handler: (request, peer) => pipeline.handler(request, peer),
    get registry() {
      return pipeline.registry;
    },
    resource: config.url + MCP_PATH,
    get issuers() {
      return pipeline.issuers.map(({ issuer }) => issuer);
    },
    authorizationServer: foundation.authorizationServer,
    audit,
    revocations,
    operator: {
      metrics,
      readiness,
      audit,
      recorder: foundation.recorder.operator,
      stopping,
      access: {
        revoke: (request) => pipeline.access.revoke(request),
        restore: (id, actor) => pipeline.access.restore(id, actor),
        list: () => pipeline.access.list(),
      },
    },
    secrets: store.secrets,
    async stopping() {
      isStopping = true;
      for (const dispatcher of dispatchers()) await dispatcher.endSubscriptions();
    },
    windDown: () => foundation.live.windDown(),
    get config() {
      return config;
    },
    async reload(next) {
      requireReloadable(config, next);
      // Counts go on where the limits stay as they are.
      const kept = JSON.stringify(config.rateLimit) === JSON.stringify(next.rateLimit);
      const nextUpstreams = await upstreamsFor(next);
      const nextLimits = kept ? limits : await openLimits(next, foundation.logger);
      let built: Pipeline;
      try {
        built = buildPipeline(next, { ...foundation, stopping }, nextLimits, nextUpstreams);
      } catch (error) {
        if (!kept) await nextLimits?.close();
        throw error;
      }
      // Those of the former configuration are closed at the end: a request may still be counted by them.
      if (nextLimits && !kept) opened.push(closing(nextLimits));
      const { mcp } = pipeline;
      const isOtherView = changesView(config, next);
      config = next;
      limits = nextLimits;
      upstreams = nextUpstreams;
      pipeline = built;
      if (built.mcp === mcp) return;
      former.push(new WeakRef(mcp));
      if (isOtherView) {
        for (const list of ["tools", "prompts", "resources"] as const) {
          changes.publish({ kind: `${list}_list_changed` });
        }
      }
      // Who may hear of what, and how many may listen, was decided by the former one.
      await mcp.endSubscriptions();
    },
    async close() {
      foundation.live.stop();
      for (const dispatcher of dispatchers()) await dispatcher.close();
      // What ended with them is recorded before the trail is closed.
      await new Promise((resolve) => setTimeout(resolve));
      await closeAll(opened);
    },
  };
}

function closing(limits: Limits): Closable {
  return () => limits.close();
}

/** Last opened, first closed; one that fails must not keep the others open. */
async function closeAll(opened: readonly Closable[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of opened.toReversed()) {
    await close().catch((error) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
