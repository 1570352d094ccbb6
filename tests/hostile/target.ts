/** The server under attack: the real program as a process of its own, with issuers and a canary in this process. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { startProcess } from "../support/process.ts";
import type { Runtime } from "../support/process.ts";
import { freePort } from "../support/server.ts";
import { ISSUERS } from "./issuers.ts";
import type { KeyServer } from "./issuers.ts";

/** A line of the server's log that records a request. */
export interface RequestRecord {
  readonly requestId: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly status: number;
  readonly decision: "allow" | "deny" | "fail";
  readonly reason: string;
  readonly rpcMethod?: string;
  readonly tool?: string;
  readonly subject?: string;
}

export interface Target {
  readonly runtime: Runtime;
  readonly port: number;
  /** `localhost:PORT`, the Host of a valid request. */
  readonly host: string;
  /** The audience of valid tokens, and the URL of the endpoint. */
  readonly resource: string;
  /** The identifier of an issuer of `issuers.ts`, and where its keys are. */
  issuer(name: string): string;
  /** How often the keys of an issuer were fetched. */
  fetches(name: string): number;
  /** A URL that nobody may ask for. */
  readonly canary: string;
  canaryHits(): number;
  /** What the server has written to stderr, from a position on. */
  log(from?: number): string;
  logLength(): number;
  stdout(): string;
  alive(): boolean;
  stop(): Promise<number | null>;
}

export interface TargetOptions {
  readonly runtime: Runtime;
  /** Further members of the configuration file. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Further members of the issuer called `main`. */
  readonly issuer?: Readonly<Record<string, unknown>>;
}

/** How long the server waits for the rest of a body. */
export const BODY_TIMEOUT_MS = 400;

/** Starts the server on a free port, trusting every issuer of `issuers.ts`; resolves once it answers. */
export async function startTarget(options: TargetOptions): Promise<Target> {
  const keys = await startKeyServers();
  const canary = await startCanary();
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "gatehouse-hostile-"));
  const file = join(directory, "config.json");
  await writeFile(
    file,
    JSON.stringify({
      bodyTimeoutMs: BODY_TIMEOUT_MS,
      issuers: ISSUERS.map(({ name, config }) => ({
        issuer: keys.issuer(name),
        jwksUri: `${keys.issuer(name)}/jwks`,
        ...config,
        ...(name === "main" ? options.issuer : {}),
      })),
      ...options.config,
    }),
  );
  const server = await startProcess({
    runtime: options.runtime,
    env: { GATEHOUSE_PORT: String(port), GATEHOUSE_CONFIG: file },
  });
  return {
    runtime: options.runtime,
    port,
    host: `localhost:${port}`,
    resource: `http://localhost:${port}/mcp`,
    issuer: keys.issuer,
    fetches: keys.fetches,
    canary: canary.url,
    canaryHits: canary.hits,
    log: (from = 0) => server.stderr.slice(from),
    logLength: () => server.stderr.length,
    stdout: () => server.stdout,
    alive: () => isRunning(server.pid),
    async stop() {
      const code = await server.stop();
      await Promise.all([keys.stop(), canary.stop(), rm(directory, { recursive: true })]);
      return code;
    },
  };
}

/** The records of requests in a piece of the log; the last line may be incomplete. */
export function recordsIn(log: string): RequestRecord[] {
  return log.split("\n").slice(0, -1)
    .filter((line) => line.includes('"message":"request"'))
    .map((line) => JSON.parse(line) as RequestRecord);
}

/** One HTTP server for the keys of all issuers: each is a path, counted by itself. */
async function startKeyServers() {
  const counts = new Map<string, number>();
  const byName = new Map(ISSUERS.map(({ name, serve }) => [name, serve]));
  const { origin, stop } = await serveHttp((request, response) => {
    const [, name = "", rest] = (request.url ?? "").split("/");
    const serve: KeyServer | undefined = rest === "jwks" ? byName.get(name) : undefined;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    if (serve) serve(response, count, request);
    else response.writeHead(404).end();
  });
  return {
    issuer: (name: string) => `${origin}/${name}`,
    fetches: (name: string) => counts.get(name) ?? 0,
    stop,
  };
}

async function startCanary() {
  let hits = 0;
  const { origin, stop } = await serveHttp((_request, response) => {
    hits += 1;
    response.writeHead(200, { "content-type": "application/json" }).end('{"keys":[]}');
  });
  return { url: `${origin}/canary`, hits: () => hits, stop };
}

async function serveHttp(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
