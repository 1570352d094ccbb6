/** Starts the embedded authorization server for a configuration without an issuer. */

import { stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { AuthorizationAudit } from "../auth/embedded/events.ts";
import type { AuthorizationServer } from "../auth/embedded/mod.ts";
import type { EmbeddedKeys } from "../auth/embedded/keys.ts";
import type { RevocationList } from "../auth/revocation.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { AppError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { MCP_PATH } from "../http/routes.ts";
import { describeLocation, openStore, readLocation } from "../store/mod.ts";
import type { SecretStore, Store } from "../store/mod.ts";
import type { Logger } from "../telemetry/log.ts";
import { usageError } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { isShared } from "./shared_keys.ts";

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
  const keys = await embeddedKeys(config, parts.store.secrets);
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

/**
 * The keys of this store's authorization server, made on the first run.
 *
 * `secrets` are those of the store where it is open; otherwise it is opened if the keys are in it.
 */
export async function embeddedKeys(config: Config, secrets?: SecretStore): Promise<EmbeddedKeys> {
  const { loadOrCreateKeys, loadOrKeepKeys } = await import("../auth/embedded/keys.ts");
  if (!keysAreShared(config)) return await loadOrCreateKeys(keysPath(config));
  return secrets ? await loadOrKeepKeys(secrets) : await withSecrets(config, loadOrKeepKeys);
}

/** The keys of this store's authorization server; undefined where none has run, or where they are in its memory. */
export async function findEmbeddedKeys(config: Config): Promise<EmbeddedKeys | undefined> {
  const { findKeys } = await import("../auth/embedded/keys.ts");
  if (keysAreShared(config)) return await withSecrets(config, findKeys);
  const path = keysPath(config);
  const exists = path !== undefined && await isThere(path);
  return exists ? await embeddedKeys(config) : undefined;
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
  const found = await findEmbeddedKeys(config);
  if (found === undefined) throw usageError(whereKeysAreMissing(config));
  const keys = found.signingKeys.map(({ d: _, ...key }) => key);
  return { issuer: config.authorizationServer.url, jwks: { keys } };
}

function whereKeysAreMissing(config: Config): string {
  if (keysAreShared(config)) {
    return `No server has run with ${
      describeLocation(config.store)
    }; give the --store of the server, or --config`;
  }
  const path = keysPath(config);
  return path === undefined
    ? "A store in memory keeps its keys in the server; give --store sqlite:PATH"
    : `There is no ${path}; give the --store of the server, or --config`;
}

function keysAreShared({ store, authorizationServer }: Config): boolean {
  return authorizationServer.keysFile === undefined && isShared(store);
}

/** Where not told otherwise, the keys lie beside the database that they belong to; a store in memory has them in memory. */
function keysPath({ store, authorizationServer: { keysFile } }: Config): string | undefined {
  if (keysFile !== undefined) return resolve(keysFile);
  return privatePath(store, "gatehouse.keys.json");
}

/** Where a secret of this machine lies, beside the database; undefined where the store is no file. */
export function privatePath(store: string, name: string): string | undefined {
  const location = readLocation(store);
  if (location.kind !== "sqlite" || location.path === ":memory:") return undefined;
  return join(dirname(resolve(location.path)), name);
}

async function withSecrets<T>(
  config: Config,
  work: (secrets: SecretStore) => Promise<T>,
): Promise<T> {
  const store = await openStore(config.store, { now: () => new Date() });
  try {
    return await work(store.secrets);
  } finally {
    await store.close();
  }
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
  // Other instances may start at the same time; whoever is first does it for all.
  if (former) await unlessRefused("not_found", clients.remove(former.clientId));
  const { hashSecret } = await import("../auth/embedded/clients.ts");
  await unlessRefused(
    "conflict",
    clients.add({
      clientId,
      name: CLI_CLIENT_NAME,
      scopes,
      secretHash: hashSecret(clientSecret),
      createTime: parts.now().toISOString(),
    }),
  );
}

async function unlessRefused(code: ErrorCode, change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== code) throw error;
  }
}
