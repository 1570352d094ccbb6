/** Opens the audit trail that a configuration asks for, and tells the log what leaves it. */

import type { AuditPlace, AuditTrail, OpenedAuditLog } from "../store/audit/open.ts";
import { openAudit, openAuditTrail } from "../store/audit/open.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Config } from "./config_schema.ts";
import { VERSION } from "./version.ts";

/** The chain of commands that change something; they run one after the other more often than not. */
const CLI_INSTANCE = "cli";
const CLI_WAIT_MS = 2_000;

/**
 * Opens the trail of a server; the caller closes it last but for the store.
 *
 * @throws {AppError} `unavailable` with a message for the operator.
 */
export function openServerAudit(
  config: Config,
  { logger, now }: { logger: Logger; now: () => Date },
): Promise<OpenedAuditLog> {
  return openAudit(config.store, {
    ...placeOf(config),
    instance: config.instance,
    flushMs: config.audit.flushMs,
    version: VERSION,
    now,
    // On another machine it proves what the trail was, whoever rewrites it here.
    onCheckpoint: (checkpoint) => logger.info("audit checkpoint", { ...checkpoint }),
    onWarning: logger.warning,
    onError: (error) =>
      logger.error("the audit trail cannot be written; calls with an effect are refused", {
        error: String(error),
      }),
  });
}

/** Opens the trail for one command that changes something; the command closes it. */
export function openCommandAudit(
  config: Config,
  onWarning: (text: string) => void,
): Promise<OpenedAuditLog> {
  return openAudit(config.store, {
    ...placeOf(config),
    instance: CLI_INSTANCE,
    waitMs: CLI_WAIT_MS,
    version: VERSION,
    now: () => new Date(),
    onWarning,
  });
}

/** Opens the trail to read it; the caller closes it. */
export function auditTrailOf(config: Config): Promise<AuditTrail> {
  return openAuditTrail(config.store, placeOf(config));
}

function placeOf({ audit: { directory, keysFile } }: Config): AuditPlace {
  return { directory, keysFile };
}
