/** The composition root: opens what lasts, builds the pipeline of a configuration over it, and closes both in order. */

import { randomUUID } from "node:crypto";
import { createProofVerifier } from "../auth/dpop.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import { startRevocations } from "../auth/revocation.ts";
import type { RevocationList } from "../auth/revocation.ts";
import { recordingRevocations } from "../auth/revocation_audit.ts";
import { createScopePolicy } from "../auth/scopes.ts";
import type { Handler } from "../http/handler.ts";
import { LIMIT_NAMES } from "../http/limits/rates.ts";
import type { Limits } from "../http/limits/mod.ts";
import { createLiveRequests } from "../http/live.ts";
import type { McpDispatcher } from "../http/mcp.ts";
import { catalogueHash } from "../http/operator/catalogue.ts";
import type { OperatorParts } from "../http/operator/parts.ts";
import { createReadiness } from "../http/operator/readiness.ts";
import { MCP_PATH } from "../http/routes.ts";
import type { AuditLog } from "../store/audit.ts";
import { openStore } from "../store/mod.ts";
import type { SecretStore } from "../store/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { tools } from "../tools/mod.ts";
import type { Registry } from "../tools/registry.ts";
import { openServerAudit } from "./audit_log.ts";
import { readinessChecks } from "./checks.ts";
import { publicOrigins } from "./config.ts";
import type { Config } from "./config_schema.ts";
import { startEmbedded } from "./embedded.ts";
import { createKeySources } from "./issuers.ts";
import { openLimits } from "./limits.ts";
import { buildPipeline } from "./pipeline.ts";
import type { Foundation } from "./pipeline.ts";
import { createRecorder } from "./recorder.ts";
import { requireReloadable } from "./reload.ts";
import { sharedKey } from "./shared_keys.ts";
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
  /** Says that this instance wants no more work; it answers what it gets all the same. */
  stopping(): void;
  /** Asks the tools that still run to come to an end. */
  windDown(): void;
  /**
   * Puts another configuration in force for the requests that come; those under way end under the former one.
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
  { logger, mcp, now = () => new Date() }: AppOptions,
  opened: Closable[],
): Promise<Foundation> {
  const policy = createScopePolicy(config.scopes);
  const store = await openStore(config.store, { now });
  opened.push(() => store.close());
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
  const metrics = createMetrics({
    version: VERSION,
    tools: tools.map(({ name }) => name),
    limits: LIMIT_NAMES,
    sources: {
      audit: { ...audit.counts, writable: () => audit.writable },
      revocations: {
        inForce: () => revocations.size,
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
    metrics,
    audit,
    recorder,
    revocationStore,
    revocations,
    live,
    authorizationServer,
    verifyProof: createProofVerifier({
      replay: store.replay,
      nonceKey: await sharedKey(config.store, store.secrets, "dpop_nonce_key"),
    }),
    confirmationKey: await sharedKey(config.store, store.secrets, "confirmation_key"),
    keySources: createKeySources({ now, logger, observe: metrics.observe }),
    logger,
    now,
    ...(mcp && { mcp }),
  };
}

async function start(first: Config, foundation: Foundation, opened: Closable[]): Promise<App> {
  let config = first;
  let limits = await limitsFor(first);
  let pipeline = buildPipeline(config, foundation, limits);
  /** A former dispatcher lives for as long as a request that it serves. */
  const former: WeakRef<McpDispatcher>[] = [];
  let isStopping = false;
  const { store, metrics, audit, revocations } = foundation;
  const readiness = createReadiness({
    checks: readinessChecks({ store, audit, revocations, issuers: () => pipeline.issuers }),
    catalogue: catalogueHash(pipeline.registry),
    stopping: () => isStopping,
  });

  async function limitsFor(config: Config): Promise<Limits | undefined> {
    const limits = await openLimits(config, foundation.logger);
    // Those of a former configuration are closed at the end too: a request may still be counted by them.
    if (limits) opened.push(() => limits.close());
    return limits;
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
      access: {
        revoke: (request) => pipeline.access.revoke(request),
        restore: (id, actor) => pipeline.access.restore(id, actor),
        list: () => pipeline.access.list(),
      },
    },
    secrets: store.secrets,
    stopping: () => void (isStopping = true),
    windDown: () => foundation.live.windDown(),
    get config() {
      return config;
    },
    async reload(next) {
      requireReloadable(config, next);
      // Counts go on where the limits stay as they are.
      const kept = JSON.stringify(config.rateLimit) === JSON.stringify(next.rateLimit);
      const nextLimits = kept ? limits : await limitsFor(next);
      const built = buildPipeline(next, foundation, nextLimits);
      if (built.mcp !== pipeline.mcp) former.push(new WeakRef(pipeline.mcp));
      config = next;
      limits = nextLimits;
      pipeline = built;
    },
    async close() {
      for (const dispatcher of [pipeline.mcp, ...former.map((ref) => ref.deref())]) {
        await dispatcher?.close();
      }
      await closeAll(opened);
    },
  };
}

/** Last opened, first closed; one that fails must not keep the others open. */
async function closeAll(opened: readonly Closable[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of opened.toReversed()) {
    await close().catch((error) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
