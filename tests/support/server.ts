/** The real server on real sockets, in this process: what `serve` builds, on free ports, with a store in memory. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createApp } from "../../cli/app.ts";
import type { App, AppOptions } from "../../cli/app.ts";
import { loadConfig } from "../../cli/config.ts";
import type { Handler } from "../../http/handler.ts";
import { listen } from "../../http/listen.ts";
import type { Logger } from "../../telemetry/log.ts";
import { createTestIssuer } from "./issuer.ts";
import type { TestIssuer } from "./issuer.ts";

export interface RunningServer {
  readonly app: App;
  /** The public origin; the MCP endpoint is this and `/mcp`. */
  readonly url: string;
  readonly port: number;
  readonly lines: readonly LogLine[];
  stop(): Promise<void>;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly properties: Record<string, unknown>;
}

export interface ServerOptions {
  readonly env?: Record<string, string>;
  readonly app?: Partial<AppOptions>;
  /** Stands between the listener and the pipeline; for tests of those that look from outside. */
  readonly before?: (handler: Handler) => Handler;
}

/** Starts the server with the embedded authorization server, unless `env` names an issuer. */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const [port, issuerPort] = [await freePort(), await freePort()];
  const config = await loadConfig({
    env: {
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_ISSUER_PORT: String(issuerPort),
      GATEHOUSE_STORE: "sqlite::memory:",
      GATEHOUSE_RATE_LIMIT: "off",
      ...options.env,
    },
  });
  const lines: LogLine[] = [];
  const app = await createApp(config, { logger: collect(lines), ...options.app });
  const handler = options.before?.(app.handler) ?? app.handler;
  const listener = listen({ host: config.host, port: config.port, handler });
  return {
    app,
    url: config.url,
    port: listener.port,
    lines,
    async stop() {
      await listener.stop(1000);
      await app.close();
    },
  };
}

/** An external issuer whose keys are served over HTTP, as `GATEHOUSE_ISSUER` and `GATEHOUSE_JWKS_URI` name it. */
export interface RunningIssuer extends TestIssuer {
  readonly jwksUri: string;
  stop(): Promise<void>;
}

/** It has keys and no endpoints; `documents` adds others by their path, such as metadata. */
export async function startIssuer(
  audience: string,
  scope?: string,
  documents: (origin: string) => Readonly<Record<string, unknown>> = () => ({}),
): Promise<RunningIssuer> {
  const http = createServer((request, response) => {
    const served: Record<string, unknown> = { ...documents(origin), "/jwks": issuer.jwks };
    const found = served[request.url ?? ""];
    response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    response.end(found ? JSON.stringify(found) : undefined);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const issuer = await createTestIssuer({
    issuer: origin,
    audience,
    ...(scope === undefined ? {} : { scope }),
  });
  return {
    ...issuer,
    jwksUri: `${origin}/jwks`,
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function collect(lines: LogLine[]): Logger {
  const at = (level: string) => (message: string, properties: Record<string, unknown> = {}) =>
    void lines.push({ level, message, properties });
  return { debug: at("debug"), info: at("info"), warning: at("warning"), error: at("error") };
}
