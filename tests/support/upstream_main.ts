/** The server with the tools of `upstream_tools.ts` instead of its own, as a program of its own. */

import process from "node:process";
import { createApp } from "../../cli/app.ts";
import { loadConfig } from "../../cli/config.ts";
import { listen } from "../../http/listen.ts";
import { startLogging } from "../../telemetry/log.ts";
import { upstreamTools } from "./upstream_tools.ts";

const config = await loadConfig({ env: process.env });
const app = await createApp(config, {
  logger: startLogging(config.logLevel),
  tools: upstreamTools(),
});
const listener = listen({ host: config.host, port: config.port, handler: app.handler });
process.on("SIGTERM", async () => {
  await listener.stop(1000);
  await app.close();
});
