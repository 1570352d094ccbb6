/** `gatehouse connect` as hosts start it: the real program as a child process, with nothing of the tests' own settings. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { program } from "../support/process.ts";
import type { Runtime } from "../support/process.ts";
import type { Credentials } from "./scene.ts";
import { withStdioHost } from "./stdio_host.ts";
import type { StdioHost } from "./stdio_host.ts";

export interface BridgeStart {
  readonly url: string;
  readonly credentials?: Credentials;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly runtime?: Runtime;
  /** What starts the program, where it is not `program(runtime)`. */
  readonly words?: readonly string[];
}

/** What the SDKs' stdio transports want to know. */
export interface BridgeCommand {
  readonly command: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  readonly stderr: "pipe";
}

export function bridgeCommand(start: BridgeStart): BridgeCommand {
  const { url, credentials, args = [], runtime = "deno" } = start;
  const [command = "", ...words] = start.words ?? program(runtime);
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith("GATEHOUSE_"));
  return {
    command,
    args: [...words, "connect", url, ...args],
    env: {
      ...Object.fromEntries(ours.map(([name, value]) => [name, value ?? ""])),
      ...(credentials
        ? {
          GATEHOUSE_CLIENT_ID: credentials.client_id,
          GATEHOUSE_CLIENT_SECRET: credentials.client_secret,
        }
        : {}),
      ...start.env,
    },
    stderr: "pipe",
  };
}

/** Runs a test with a bridge whose host writes the lines itself. */
export function withBridge(
  start: BridgeStart,
  run: (host: StdioHost, child: ChildProcess) => Promise<void>,
): Promise<void> {
  const { command, args, env } = bridgeCommand(start);
  const child = spawn(command, args, { env });
  return withStdioHost(() => child, (host) => run(host, child));
}

/** The first message of a host of 2025-11-25, and what follows it. */
export async function initialize(host: StdioHost): ReturnType<StdioHost["request"]> {
  const answer = await host.request("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "host", version: "1" },
  });
  if (answer.error === undefined) host.notify("notifications/initialized");
  return answer;
}

/** The params of a request of 2026-07-28. */
export function modern(params: Record<string, unknown> = {}, meta = {}): Record<string, unknown> {
  return {
    ...params,
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "host", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
      ...meta,
    },
  };
}
