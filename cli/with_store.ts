/** Opens the store and the audit trail of a server that may be running, for commands that work on them. */

import { existsSync } from "node:fs";
import type { OpenedAuditLog } from "../store/audit/open.ts";
import { openStore } from "../store/mod.ts";
import type { Store } from "../store/mod.ts";
import { openCommandAudit } from "./audit_log.ts";
import { configFrom, usageError } from "./command.ts";
import type { ConfigFlags, Io } from "./command.ts";
import type { Config } from "./config_schema.ts";

/**
 * Runs the work on the configured store and closes it.
 *
 * @throws {AppError} `invalid_request` for a store in memory, and with `mustExist` for a file that is not there.
 */
export async function withStore(
  io: Io,
  flags: ConfigFlags,
  work: (store: Store, config: Config) => Promise<void>,
  options: { readonly mustExist?: boolean } = {},
): Promise<void> {
  const config = await configFrom(io, flags);
  if (config.store === "sqlite::memory:") {
    throw usageError("A store in memory belongs to its server alone; give --store sqlite:PATH");
  }
  const path = config.store.startsWith("sqlite:")
    ? config.store.slice("sqlite:".length)
    : undefined;
  if (options.mustExist && path !== undefined && !existsSync(path)) {
    throw usageError(`There is no ${path}; give the --store of the server, or --config`);
  }
  const store = await openStore(config.store, { now: () => new Date() });
  try {
    await work(store, config);
  } finally {
    await store.close();
  }
}

/**
 * Runs the work with the audit trail of the configuration, which has all of it when this resolves.
 *
 * @throws {AppError} `unavailable` where the trail cannot be written; the work has not begun then.
 */
export async function withAudit(
  io: Io,
  config: Config,
  work: (audit: OpenedAuditLog) => Promise<void>,
): Promise<void> {
  const audit = await openCommandAudit(config, (text) => io.err(text));
  try {
    await work(audit);
    await audit.flush();
  } finally {
    await audit.close();
  }
}
