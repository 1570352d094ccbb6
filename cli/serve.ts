/** `gatehouse serve`: starts the server, says what a person needs next, and stops it without losing a request. */

import process from "node:process";
import { listen, requireFree } from "../http/listen.ts";
import { startLogging } from "../telemetry/log.ts";
import { createApp } from "./app.ts";
import { banner } from "./banner.ts";
import { configFrom, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Register } from "./command.ts";
import { OPERATOR_HOST, startOperator } from "./operator.ts";

export const registerServe: Register = (program, io) => {
  withConfigFlags(program.command("serve", { isDefault: true }))
    .description("start the server (the default command)")
    .option("--host <address>", "address to listen on (default 127.0.0.1)")
    .option("--port <number>", "port to listen on (default 8000)")
    .option("--url <origin>", "public origin (default http://localhost:PORT)")
    .action(async (flags: ConfigFlags) => {
      const config = await configFrom(io, flags);
      const logger = startLogging(config.logLevel);
      await requireFree(config);
      if (config.issuers.length === 0) await requireFree(config.authorizationServer);
      const { port: operatorPort } = config.operator;
      if (operatorPort) await requireFree({ host: OPERATOR_HOST, port: operatorPort });
      const app = await createApp(config, { logger });
      let listener, operator;
      try {
        listener = listen({
          host: config.host,
          port: config.port,
          handler: app.handler,
          onExhausted: (error) =>
            logger.warning("cannot accept connections", { error: String(error) }),
        });
        operator = await startOperator(config, app.operator, logger);
      } catch (error) {
        await listener?.stop(0);
        await app.close();
        throw error;
      }
      io.out(banner(config, app, operator?.port));
      const signal = await nextSignal();
      logger.info("stopping", { signal });
      app.stopping();
      await listener.stop(config.drainTimeoutMs);
      await app.close();
      await operator?.stop(1000);
    });
};

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
