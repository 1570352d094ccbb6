/** Entry for hosts that own the listener (Deno Deploy, `deno serve`, Bun): its default export answers requests. */

import process from "node:process";
import { AppError } from "../errors.ts";
import { servable } from "../http/listen.ts";
import { startLogging } from "../telemetry/log.ts";
import { createApp } from "./app.ts";
import { loadConfig } from "./config.ts";

/** What `serve` has a default for, and a host of many has not. */
const NEEDED = {
  GATEHOUSE_URL: "the public https origin, since the host picks the address",
  GATEHOUSE_ISSUER: "the authorization server; the embedded one would need a port of its own",
  GATEHOUSE_STORE:
    "where the data lives, such as postgres://...; a file may not outlive the instance",
} as const;

const { env } = process;
const missing = Object.entries(NEEDED).filter(([name]) => env[name] === undefined);
if (missing.length > 0) {
  throw new AppError(
    "invalid_request",
    missing.map(([name, meaning]) => `Set ${name}: ${meaning}`).join("\n"),
    { reason: "misconfigured" },
  );
}
const config = await loadConfig({ env });
const app = await createApp(config, { logger: startLogging(config.logLevel) });

export default servable({ host: config.host, port: config.port, handler: app.handler });
