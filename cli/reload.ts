/** Takes up a changed configuration while the server runs: all of it, or nothing. */

import { AppError, toAppError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import { ownEvent } from "./audit_events.ts";
import type { App } from "./app.ts";
import type { Config } from "./config_schema.ts";

/** Everything that the pipeline is built from anew. */
const RELOADABLE: ReadonlySet<string> = new Set(
  [
    "issuers",
    "scopes",
    "rateLimit",
    "upstreams",
    "toolVisibility",
    "verificationCache",
    "allowedHosts",
    "allowedOrigins",
    "trustedProxies",
    "maxBodyBytes",
    "bodyTimeoutMs",
    "drainDelayMs",
    "drainTimeoutMs",
  ] satisfies (keyof Config)[],
);

/** Returns the members that differ and cannot change while the server runs. */
function changedFixedMembers(before: Config, after: Config): readonly string[] {
  const names = Object.keys({ ...before, ...after }) as (keyof Config)[];
  const changed = names.filter((name) =>
    JSON.stringify(before[name]) !== JSON.stringify(after[name])
  );
  const embedded = before.issuers.length === 0 || after.issuers.length === 0;
  return changed.filter((name) =>
    !RELOADABLE.has(name) ||
    // The embedded authorization server is built once, with the scopes that it gives out.
    (embedded && (name === "issuers" || name === "scopes"))
  );
}

/**
 * Refuses a configuration that a running server cannot take up.
 *
 * @throws {AppError} `invalid_request` naming every member.
 */
export function requireReloadable(before: Config, after: Config): void {
  const fixed = changedFixedMembers(before, after);
  if (fixed.length === 0) return;
  throw new AppError(
    "invalid_request",
    `${fixed.join(", ")} cannot change while the server runs; restart it`,
    { reason: "restart_needed" },
  );
}

/** Reads the configuration again and puts it in force; what is refused is said in the log and the audit trail. */
export async function reload(
  app: App,
  read: () => Promise<Config>,
  { logger, now }: { readonly logger: Logger; readonly now: () => Date },
): Promise<void> {
  const event = { actor: "operator", details: { trigger: "signal" } } as const;
  try {
    await app.reload(await read());
    app.audit.record(ownEvent({ ...event, event: "configuration.loaded" }, now()));
    logger.info("configuration reloaded", { issuers: app.issuers });
  } catch (thrown) {
    const { reason, message } = toAppError(thrown);
    app.audit.record(
      ownEvent({ ...event, event: "configuration.refused", decision: "deny", reason }, now()),
    );
    logger.error("the changed configuration is refused; the former one stays in force", {
      reason,
      problems: message.split("\n"),
    });
  }
}
