/** The running server that real clients are held against, with either kind of authorization server. */

import { writeFile } from "node:fs/promises";
import { run } from "../../cli/mod.ts";
import type { McpDispatcher } from "../../http/mcp.ts";
import { freePort, startIssuer, startServer } from "../support/server.ts";
import type { RunningIssuer, RunningServer } from "../support/server.ts";
import { withDirectory } from "./child.ts";

export interface Scene {
  /** The MCP endpoint, which is the resource too. */
  readonly url: string;
  readonly server: RunningServer;
}

export interface IssuerScene extends Scene {
  /** Signs tokens for the resource; without changes for user-1 of client-1, who may read environments and organizations. */
  readonly issuer: RunningIssuer;
}

/** Runs a test against a server that trusts an external issuer; `mcp` brings other tools. */
export async function withIssuer(
  test: (scene: IssuerScene) => Promise<void>,
  mcp?: McpDispatcher,
): Promise<void> {
  const port = await freePort();
  const url = `http://localhost:${port}/mcp`;
  const issuer = await startIssuer(url);
  const server = await startServer({
    env: {
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
    },
    ...(mcp ? { app: { mcp } } : {}),
  });
  try {
    await test({ url, server, issuer });
  } finally {
    await server.stop();
    await issuer.stop();
  }
}

export interface EmbeddedScene extends Scene {
  /** The authorization server. */
  readonly issuer: string;
  /** A new directory of this scene. */
  readonly home: string;
  /** Registers a machine client on the command line, as an operator does beside the running server. */
  addClient(name: string, scopes: string): Promise<Credentials>;
}

export interface Credentials {
  readonly client_id: string;
  readonly client_secret: string;
}

/** Runs a test against a server that is its own authorization server. */
export function withEmbedded(
  test: (scene: EmbeddedScene) => Promise<void>,
  config: Record<string, unknown> = {},
): Promise<void> {
  return withDirectory(async (home) => {
    const file = `${home}/gatehouse.json`;
    await writeFile(file, JSON.stringify(config));
    const env = { GATEHOUSE_STORE: `sqlite:${home}/gatehouse.db`, GATEHOUSE_CONFIG: file };
    const server = await startServer({ env });
    const { resource: url, issuers: [issuer = ""] } = server.app;
    const addClient = async (name: string, scopes: string) => {
      const lines: string[] = [];
      const io = { env, out: (line: string) => void lines.push(line), err: () => {} };
      const exit = await run(["clients", "add", name, "--scopes", scopes, "--json"], io);
      if (exit !== 0) throw new Error(`clients add ended with ${exit}`);
      return JSON.parse(lines.join("\n")) as Credentials;
    };
    try {
      await test({ url, server, issuer, home, addClient });
    } finally {
      await server.stop();
    }
  });
}

/** The decisions on calls of one tool so far, oldest first, as `status reason`. */
export function decisionsOn(server: RunningServer, tool: string): readonly string[] {
  return server.lines
    .filter(({ message, properties }) => message === "request" && properties["tool"] === tool)
    .map(({ properties }) => `${properties["status"]} ${properties["reason"]}`);
}

/** Waits for what the server does on its own; throws where it does not happen within ten seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("Waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
