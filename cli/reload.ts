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

/** What a caller is shown follows from these. */
const DECIDING = ["issuers", "scopes", "toolVisibility"] as const satisfies (keyof Config)[];

/** Whether the lists of a caller may be others under the second configuration. */
export function changesView(before: Config, after: Config): boolean {
  return DECIDING.some((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
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

/** Reloads one after the other, whenever the operator asks. */
export interface Reloader {
  /** Asks for one; who asks while one waits for its turn gets the same. Never throws. */
  request(): void;
  /** Takes up nothing more, and resolves when the one that runs has ended. */
  stop(): Promise<void>;
}

/** Builds it over a running server; `read` reads the configuration anew each time. */
export function createReloader(
  app: Pick<App, "audit" | "issuers" | "reload">,
  read: () => Promise<Config>,
  parts: ReloadParts,
): Reloader {
  let running: Promise<void> | undefined;
  let wanted = false;

  // Two at once could leave the older of two files in force, and the limits of neither closed.
  async function run(): Promise<void> {
    while (wanted) {
      wanted = false;
      await reload(app, read, parts);
    }
    running = undefined;
  }

  let stopped = false;
  return {
    request() {
      if (stopped) return;
      wanted = true;
      running ??= run();
    },
    async stop() {
      stopped = true;
      wanted = false;
      await running;
    },
  };
}

interface ReloadParts {
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Reads the configuration again and puts it in force; what is refused is said in the log and the audit trail. */
async function reload(
  app: Pick<App, "audit" | "issuers" | "reload">,
  read: () => Promise<Config>,
  { logger, now }: ReloadParts,
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
