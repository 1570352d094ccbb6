/** Starts the embedded authorization server for a configuration without an issuer. */

import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { AuthorizationAudit } from "../auth/embedded/events.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import type { EmbeddedKeys } from "../auth/embedded/keys.ts";
import type { RevocationList } from "../auth/revocation.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { MCP_PATH } from "../http/routes.ts";
import type { Store } from "../store/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { usageError } from "./command.ts";
import type { Config } from "./config_schema.ts";

/** What the embedded authorization server needs of the rest. */
export interface EmbeddedParts {
  /** The public origins; each is an accepted resource, the first is the default. */
  readonly origins: readonly string[];
  readonly policy: ScopePolicy;
  readonly store: Store;
  readonly revocations: RevocationList;
  readonly audit: AuthorizationAudit;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Loads the library only when it is needed; with an external issuer it is never loaded. */
export async function startEmbedded(
  config: Config,
  parts: EmbeddedParts,
): Promise<AuthorizationServer> {
  const { startAuthorizationServer } = await import("../auth/embedded/mod.ts");
  const keys = await embeddedKeys(config);
  await ensureCliClient(keys, parts);
  const { host, port, url, users, dpop } = config.authorizationServer;
  return await startAuthorizationServer({
    issuer: url,
    host,
    port,
    resources: parts.origins.map((origin) => origin + MCP_PATH),
    policy: parts.policy,
    clients: parts.store.clients,
    state: parts.store.authorizationState,
    revocations: parts.revocations,
    audit: parts.audit,
    keys,
    ...(users ? { users } : {}),
    dpop: dpop !== "off",
    log: parts.logger.info,
  });
}

/** The keys of this store's authorization server, made on the first run. */
export async function embeddedKeys(config: Config): Promise<EmbeddedKeys> {
  const { loadOrCreateKeys } = await import("../auth/embedded/keys.ts");
  return await loadOrCreateKeys(keysPath(config.store));
}

/** Whether a server with this store has made its keys, in a file. */
export async function hasEmbeddedKeys(config: Config): Promise<boolean> {
  const path = keysPath(config.store);
  return path !== undefined && await isThere(path);
}

/** Not with `access()`, which under Deno needs the permission to know the user's id. */
function isThere(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

/**
 * This store's authorization server as far as verifying its tokens goes, without starting it.
 *
 * @throws {AppError} `invalid_request` where no server has run with this store, or its keys are in memory.
 */
export async function embeddedIssuer(
  config: Config,
): Promise<Pick<AuthorizationServer, "issuer" | "jwks">> {
  const path = keysPath(config.store);
  if (path === undefined) {
    throw usageError("A store in memory keeps its keys in the server; give --store sqlite:PATH");
  }
  if (!await isThere(path)) {
    throw usageError(`There is no ${path}; give the --store of the server, or --config`);
  }
  const { signingKeys } = await embeddedKeys(config);
  const keys = signingKeys.map(({ d: _, ...key }) => key);
  return { issuer: config.authorizationServer.url, jwks: { keys } };
}

function keysPath(store: string): string | undefined {
  return privatePath(store, "gatehouse.keys.json");
}

/** Secrets lie beside the database that they belong to; a store in memory has its secrets in memory. */
export function privatePath(store: string, name: string): string | undefined {
  if (store === "sqlite::memory:") return undefined;
  const database = store.startsWith("sqlite:") ? store.slice("sqlite:".length) : "gatehouse.db";
  return join(dirname(resolve(database)), name);
}

const CLI_CLIENT_NAME = "gatehouse command line";

/** The operator's own client, so that `token` and `call` work on the machine that runs the server. */
async function ensureCliClient(keys: EmbeddedKeys, parts: EmbeddedParts): Promise<void> {
  const { clientId, clientSecret } = keys.cliClient;
  const { clients } = parts.store;
  const scopes = [...parts.policy.definitions.keys()];
  const known = await clients.find(clientId);
  // A newer version may have scopes that the client was not registered for.
  if (known && scopes.every((scope) => known.scopes.includes(scope))) return;
  // Where the key file was removed to get new keys, nobody knows the secret of the client that was in it.
  const former = (await clients.list()).find(({ name }) => name === CLI_CLIENT_NAME);
  if (former) await clients.remove(former.clientId);
  const { hashSecret } = await import("../auth/embedded/clients.ts");
  await clients.add({
    clientId,
    name: CLI_CLIENT_NAME,
    scopes,
    secretHash: hashSecret(clientSecret),
    createTime: parts.now().toISOString(),
  });
}
