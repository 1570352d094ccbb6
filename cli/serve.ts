/** `gatehouse serve`: starts the server, says what a person needs next, and stops it without losing a request. */

import process from "node:process";
import { listen, requireFree } from "../http/listen.ts";
import type { Listener } from "../http/listen.ts";
import { catalogueHash } from "../http/operator/catalogue.ts";
import type { JsonValue } from "../store/audit.ts";
import { startLogging } from "../telemetry/log.ts";
import { createApp } from "./app.ts";
import type { App } from "./app.ts";
import { ownEvent } from "./audit_events.ts";
import type { OwnEvent } from "./audit_events.ts";
import { banner } from "./banner.ts";
import { configFrom, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";
import { OPERATOR_HOST, startOperator } from "./operator.ts";
import type { Config } from "./config_schema.ts";
import { createReloader } from "./reload.ts";
import type { Reloader } from "./reload.ts";
import { VERSION } from "./version.ts";

export const registerServe: Register = (program, io) => {
  withConfigFlags(program.command("serve", { isDefault: true }))
    .description("start the server (the default command)")
    .option("--host <address>", "address to listen on (default 127.0.0.1)")
    .option("--port <number>", "port to listen on (default 8000)")
    .option("--url <origin>", "public origin (default http://localhost:PORT)")
    .action(async (flags: ConfigFlags) => {
      const config = await configFrom(io, flags);
      const logger = startLogging(config.logLevel);
      const now = () => new Date();
      await requireFree(config);
      if (config.issuers.length === 0) await requireFree(config.authorizationServer);
      const { port: operatorPort } = config.operator;
      if (operatorPort) await requireFree({ host: OPERATOR_HOST, port: operatorPort });
      const app = await createApp(config, { logger, now });
      let listener: Listener | undefined;
      let operator: Listener | undefined;
      try {
        listener = listen({
          host: config.host,
          port: config.port,
          handler: app.handler,
          onExhausted: (error) =>
            logger.warning("cannot accept connections", { error: String(error) }),
        });
        operator = await startOperator(config, { ...app.operator, secrets: app.secrets }, logger);
      } catch (error) {
        await listener?.stop(0);
        await app.close();
        throw error;
      }
      const record = (event: OwnEvent["event"], details: OwnEvent["details"]) =>
        app.audit.record(ownEvent({ event, actor: "server", details }, now()));
      record("configuration.loaded", { fingerprint: app.audit.fingerprint(asJson(config)) });
      record("server.started", {
        version: VERSION,
        catalogue: catalogueHash(app.registry),
        url: config.url,
        issuers: app.issuers,
      });
      io.out(banner(config, app, operator?.port));
      const reloader = createReloader(app, () => configFrom(io, flags), { logger, now });
      // Until the end: without a listener of ours the signal would end the process in the middle of its stop.
      process.on("SIGHUP", reloader.request);
      const signal = await nextSignal();
      logger.info("stopping", { signal });
      await drain(app, listener, reloader);
      record("server.stopped", { signal });
      // Before the audit trail is closed, so that what it still answers is recorded.
      await operator?.stop(1000);
      await app.close();
      process.off("SIGHUP", reloader.request);
    });
};

/** Not ready first, then no new work; what runs may finish, is asked to near the end, and is ended at it. */
async function drain(app: App, listener: Listener, reloader: Reloader): Promise<void> {
  await app.stopping();
  await reloader.stop();
  const { drainDelayMs, drainTimeoutMs } = app.config;
  await new Promise((resolve) => setTimeout(resolve, drainDelayMs));
  const asking = setTimeout(() => app.windDown(), drainTimeoutMs * ASK_AT);
  await listener.stop(drainTimeoutMs);
  clearTimeout(asking);
}

/** The part of the time-out after which tools are asked to come to an end, so that they can still say how far they came. */
const ASK_AT = 0.7;

/** Secrets included, so that a change of one shows too; what is recorded is a MAC. */
function asJson(config: Config): JsonValue {
  return JSON.parse(JSON.stringify(config));
}

/**
 * Resolves at the first signal; what follows within a second is the same wish, later ones end the process at once.
 *
 * A terminal sends Ctrl-C to all of `deno task start`, and the task passes it on: the server gets two.
 */
function nextSignal(): Promise<string> {
  const signals = ["SIGINT", "SIGTERM"] as const;
  return new Promise((resolve) => {
    const onSignal = (signal: string) => {
      resolve(signal);
      setTimeout(() => {
        for (const name of signals) process.off(name, onSignal);
      }, 1000).unref();
    };
    for (const name of signals) process.on(name, onSignal);
  });
}
