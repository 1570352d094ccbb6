/** The server under abuse: the real program as a process of its own, and what the kernel tells about it. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../support/build.ts";
import { startProxy } from "./proxy.ts";
import type { ProxyName } from "./proxy.ts";
import { program, startProcess } from "../support/process.ts";
import { freePort, startIssuer } from "../support/server.ts";
import type { RunningIssuer } from "../support/server.ts";

export interface Target {
  /** Where clients come in: the server's port, or that of the proxy in front of it. */
  readonly port: number;
  readonly issuer: RunningIssuer;
  memory(): Memory;
  /** How many connections of abusers are open at that port. */
  connections(): number;
  /** Lines of the log at level error. */
  errors(): readonly string[];
  /** Ends it, and throws where that was not a clean end. */
  stop(): Promise<void>;
}

/** Resident memory in MB. */
export interface Memory {
  readonly now: number;
  readonly peak: number;
}

export interface TargetOptions {
  readonly runtime: "deno" | "bun";
  /** How many files and connections the process may have open. */
  readonly openFiles: number;
  readonly through?: ProxyName | undefined;
}

const SCOPES = "env:read org:read org:write wks:read";

/** Starts an issuer and the server that trusts it, on loopback. */
export async function startTarget(options: TargetOptions): Promise<Target> {
  const port = await freePort();
  const issuer = await startIssuer(`http://localhost:${port}/mcp`, SCOPES);
  const proxied = options.through !== undefined;
  const own = proxied ? await freePort() : port;
  // The rate limits are the default, or those of the configuration file.
  const script = `ulimit -n ${options.openFiles}; unset GATEHOUSE_RATE_LIMIT; exec "$@"`;
  const server = await startProcess({
    command: ["sh", "-c", script, "sh", ...program(options.runtime)],
    env: {
      PATH: process.env["PATH"]!,
      HOME: process.env["HOME"]!,
      GATEHOUSE_PORT: String(own),
      GATEHOUSE_URL: `http://localhost:${port}`,
      // startProcess() asks the server itself whether it is up.
      GATEHOUSE_ALLOWED_HOSTS: `localhost:${port},localhost:${own}`,
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
      ...(proxied ? { GATEHOUSE_CONFIG: join(ROOT, "deploy", "config.json") } : {}),
    },
  });
  const proxy = options.through === undefined
    ? undefined
    : await startProxy(options.through, { port, target: own }).catch(async (error) => {
      await server.stop();
      throw error;
    });
  return {
    port,
    issuer,
    memory() {
      const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
      return { now: megabytes(status, "VmRSS"), peak: megabytes(status, "VmHWM") };
    },
    connections: () => heldOn(port),
    errors: () => server.stderr.split("\n").filter((line) => line.includes('"level":"ERROR"')),
    async stop() {
      await proxy?.stop();
      const code = await server.stop();
      await issuer.stop();
      if (code !== 0) {
        throw new Error(`The server ended with ${code}:\n${server.stderr.slice(-2000)}`);
      }
    },
  };
}

function megabytes(status: string, name: string): number {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}

const VALID_CALLER = "0100007F:";
const ESTABLISHED = "01";
const CLOSE_WAIT = "08";

/** Counts in the kernel's table what the server has not closed; valid callers come from 127.0.0.1, abusers from elsewhere. */
function heldOn(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "utf8").split("\n").filter((line) => {
    const [, address, remote, state = ""] = line.trim().split(/\s+/);
    return address?.endsWith(local) && !remote?.startsWith(VALID_CALLER) &&
      [ESTABLISHED, CLOSE_WAIT].includes(state);
  }).length;
}
