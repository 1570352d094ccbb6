/** The real server in this process, on a free port, trusting an issuer whose tokens a test forges. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
}

export interface SceneOptions {
  readonly alg?: ForgeOptions["alg"];
  /** The clock of server and issuer. */
  readonly now?: () => Date;
  readonly env?: Record<string, string>;
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
  const server = await startServer({
    env: {
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_ISSUER: keys.origin,
      GATEHOUSE_JWKS_URI: keys.jwksUri,
      ...options.env,
    },
    app: { now },
  });
  try {
    await work({ server, forge, url, strayed: keys.strayed });
  } finally {
    await server.stop();
    await keys.stop();
  }
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
