/** The real server in this process, on a free port, trusting an issuer whose tokens a test forges. */

import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { withDirectory } from "../support/process.ts";
import { freePort, startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";
import { createForge } from "./generators_tokens.ts";
import type { Forge, ForgeOptions } from "./generators_tokens.ts";

export interface Scene {
  readonly server: RunningServer;
  readonly forge: Forge;
  /** The MCP endpoint, which is the resource too. */
  readonly url: string;
  /** Paths that somebody asked the issuer's web server for, beside its keys. */
  readonly strayed: readonly string[];
  /** A new directory of this scene. */
  readonly directory: string;
  /** Starts a further server with the same configuration but for `env`; whoever starts it stops it. */
  start(env?: Readonly<Record<string, string>>): Promise<RunningServer>;
}

export interface SceneOptions {
  readonly alg?: ForgeOptions["alg"];
  /** The clock of server and issuer. */
  readonly now?: () => Date;
  /** Further members of the issuer's configuration. */
  readonly issuer?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a test against such a server, and stops it. */
export async function withScene(
  options: SceneOptions,
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const { now = () => new Date() } = options;
  const keys = await startKeyServer();
  const port = await freePort();
  const url = `http://localhost:${port}/mcp`;
  const forge = createForge({
    issuer: keys.origin,
    audience: url,
    foreignUrl: `${keys.origin}/foreign`,
    now: () => Math.floor(now().getTime() / 1000),
    ...(options.alg ? { alg: options.alg } : {}),
  });
  keys.publish(forge.jwks);
  await withDirectory(async (directory) => {
    const file = join(directory, "config.json");
    const issuer = { issuer: keys.origin, jwksUri: keys.jwksUri, ...options.issuer };
    await writeFile(file, JSON.stringify({ issuers: [issuer] }));
    const start = (env: Readonly<Record<string, string>> = {}) =>
      startServer({
        env: { GATEHOUSE_PORT: String(port), GATEHOUSE_CONFIG: file, ...options.env, ...env },
        app: { now },
      });
    const server = await start();
    try {
      await work({ server, forge, url, strayed: keys.strayed, directory, start });
    } finally {
      await server.stop();
    }
  }).finally(keys.stop);
}

export interface KeyServer {
  readonly origin: string;
  readonly jwksUri: string;
  readonly strayed: readonly string[];
  publish(jwks: unknown): void;
  stop(): Promise<void>;
}

/** A web server that gives out keys at one path and remembers whoever asks for another. */
export async function startKeyServer(): Promise<KeyServer> {
  const strayed: string[] = [];
  let published = "{}";
  const http = createServer((request, response) => {
    if (request.url !== "/jwks") strayed.push(String(request.url));
    response.writeHead(200, { "content-type": "application/json" }).end(published);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    origin,
    jwksUri: `${origin}/jwks`,
    strayed,
    publish: (jwks) => void (published = JSON.stringify(jwks)),
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}
