/** `gatehouse connect`: a stdio MCP server that is the remote one, for hosts that speak only stdio. */

import process from "node:process";
import { isLoopbackHost, isSecureUrl } from "../auth/fetch_json.ts";
import { startLogging } from "../telemetry/log.ts";
import type { LogLevel } from "../telemetry/log.ts";
import { configFrom, scopeList, usageError, withConfigFlags } from "./command.ts";
import type { ConfigFlags, Io, Register } from "./command.ts";
import { createBridge } from "./connect/bridge.ts";
import { createExchange } from "./connect/exchange.ts";
import { hostOutput, lineCutter } from "./connect/stdio.ts";
import { createTokenSource } from "./connect/tokens.ts";
import { givenClient, ownClient } from "./credentials.ts";
import type { CredentialFlags } from "./credentials.ts";
import { findEmbeddedKeys } from "./embedded.ts";
import { addressOf } from "./printable.ts";
import type { MachineClient } from "./token_client.ts";
import { withCredentialFlags } from "./token.ts";

interface ConnectFlags extends ConfigFlags, CredentialFlags {
  readonly scopes?: string;
  readonly header?: readonly string[];
  readonly logLevel?: string;
}

const LEVELS: readonly string[] = ["debug", "info", "warning", "error", "off"];
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** Headers that the bridge or the runtime writes. */
const RESERVED =
  /^(accept|connection|content-.*|cookie|dpop|host|last-event-id|mcp-.*|transfer-encoding)$/;

export const registerConnect: Register = (program, io, setExit) => {
  withConfigFlags(withCredentialFlags(program.command("connect <url>")))
    .description("be a stdio MCP server that passes everything on to the one at a URL")
    .option("--scopes <scopes>", "scopes to ask for (default: what the server names)")
    .option("--header <line>", 'a header for the server, "Name: value"; repeatable', append)
    .option("--log-level <level>", "debug, info, warning, error or off; to stderr (default info)")
    .action(async (url: string, flags: ConnectFlags) => {
      const resource = resourceOf(url);
      const headers = headersOf(flags.header ?? []);
      const level = levelOf(flags.logLevel ?? io.env["GATEHOUSE_LOG_LEVEL"] ?? "info");
      const client = await clientFor(resource, io, flags);
      const logger = startLogging(level);
      const tokens = createTokenSource({
        resource,
        client,
        scopes: scopeList(flags.scopes ?? ""),
        now: Date.now,
        logger,
      });
      const exchange = createExchange({ resource, headers, tokens, logger });
      const { ended, end } = hostGone();
      const host = hostOutput(process.stdout, () => end("stdout closed"));
      const bridge = createBridge({ resource, exchange, host, logger });
      process.stdin.on("data", lineCutter(MAX_LINE_BYTES, bridge.receive));
      logger.info("bridging", { url: addressOf(resource), client_id: client?.clientId });
      logger.info("ending", { because: await ended });
      if (await bridge.close() === "never_served") setExit(1);
    });
};

/** Resolves when the host has gone, or somebody wants this program to end. */
function hostGone(): { readonly ended: Promise<string>; end(because: string): void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve(signal));
  process.stdin.on("end", () => resolve("stdin closed"));
  process.stdin.on("error", () => resolve("stdin failed"));
  process.stdout.on("error", () => resolve("stdout closed"));
  return { ended: promise, end: resolve };
}

function append(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], value];
}

function resourceOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Not repeated, as it may be a password.
  if (url && (url.username !== "" || url.password !== "")) {
    throw usageError(
      "The URL has a user name or password in it; give it without, and a credential that the server takes as " +
        "--client-id and GATEHOUSE_CLIENT_SECRET, or as a --header",
    );
  }
  if (url === undefined || !isSecureUrl(text)) {
    throw usageError(
      `${
        url ? addressOf(url) : text
      } is not a URL that a credential may go to; give https://, or http:// on loopback, ` +
        "such as https://mcp.example.com/mcp",
    );
  }
  if (url.hash !== "") {
    throw usageError(`The URL ${addressOf(url)} has a fragment; give it without`);
  }
  return url;
}

function headersOf(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):\s*([\t\x20-\x7E]*)$/.exec(line) ?? [];
    // The value may be a secret and is not repeated.
    if (name === undefined) throw usageError('A --header has the form "Name: value"');
    if (RESERVED.test(name.toLowerCase())) throw usageError(`--header cannot set ${name}`);
    headers[name.toLowerCase()] = value!;
  }
  return headers;
}

function levelOf(text: string): LogLevel {
  if (LEVELS.includes(text)) return text as LogLevel;
  throw usageError(`The log level ${text} is none of ${LEVELS.join(", ")}`);
}

/** The client that is named, or this machine's own where the URL is on it and its server has made one. */
async function clientFor(
  resource: URL,
  io: Io,
  flags: ConnectFlags,
): Promise<MachineClient | undefined> {
  const given = await givenClient(io, flags);
  if (given !== undefined || !isLoopbackHost(resource.hostname)) return given;
  const config = await configFrom(io, { ...flags, url: resource.origin });
  return await findEmbeddedKeys(config) ? await ownClient(config) : undefined;
}
