/** `gatehouse doctor`: checks any MCP server from outside, as its clients and its enemies see it. */

import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { isSecureUrl } from "../auth/fetch_json.ts";
import { scopeList, usageError } from "./command.ts";
import type { Io, Register } from "./command.ts";
import { givenClient } from "./credentials.ts";
import { GROUPS } from "./doctor/checks.ts";
import type { Group } from "./doctor/check.ts";
import { createContext } from "./doctor/context.ts";
import type { Context, TokenName } from "./doctor/context.ts";
import { counts, exchangeText, lookOf, reportJson, reportText } from "./doctor/report.ts";
import { runChecks } from "./doctor/run.ts";
import { discover, grantToken } from "./token_client.ts";

interface DoctorFlags {
  readonly token?: string;
  readonly lowToken?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly privateKey?: string;
  readonly issuer?: string;
  readonly scopes?: string;
  readonly only?: string;
  readonly timeout: string;
  readonly ca?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

const MAX_TIMEOUT_SECONDS = 60;

export const registerDoctor: Register = (program, io, setExit) => {
  withFlags(program.command("doctor <url>"))
    .description("check any MCP server from outside and say what to mend")
    .action(async (url: string, flags: DoctorFlags) => {
      requireEndpointUrl(url);
      const groups = chosen(flags.only);
      const timeoutMs = milliseconds(flags.timeout);
      const ca = flags.ca === undefined ? {} : { ca: await readCertificates(flags.ca) };
      const tokens = await tokensFor(url, flags, io);
      const context: Context = createContext({
        url,
        timeoutMs,
        tokens,
        ...ca,
        ...(flags.verbose
          ? { onExchange: (done) => io.err(context.clean(exchangeText(done))) }
          : {}),
      });
      const startedAt = Date.now();
      const results = await runChecks(context, groups);
      const report = {
        url,
        results,
        requests: context.exchanges.length,
        milliseconds: Date.now() - startedAt,
      };
      io.out(
        flags.json
          ? reportJson(report)
          : reportText(report, groups, lookOf(io.env, io.terminal ?? false)),
      );
      if (counts(results).fail > 0) setExit(1);
    });
};

function withFlags(command: Command): Command {
  return command
    .option("--token <token>", "an access token for the server; - reads it from stdin")
    .option("--low-token <token>", "a second one that may do less; - reads it from stdin")
    .option("--client-id <id>", "get the token from the server's issuer as this client")
    .option("--client-secret <secret>", "its secret (better: GATEHOUSE_CLIENT_SECRET)")
    .option("--private-key <file>", "its key, JWK or PEM, instead (or GATEHOUSE_PRIVATE_KEY)")
    .option("--issuer <url>", "the only one that gets the secret (or GATEHOUSE_CLIENT_ISSUER)")
    .option("--scopes <scopes>", "scopes to ask for (default: all that the client may have)")
    .option("--only <ids>", "run these checks or groups alone, such as token,metadata-resource")
    .option("--timeout <seconds>", "how long one request may take", "5")
    .option("--ca <file>", "trust these certificate authorities (PEM) instead of the usual ones")
    .option("--verbose", "show each request and its answer, without the token, on stderr")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWithout a token the checks that need one are skipped. Prefer - over a token as an argument:\n" +
        "other users of the machine can see the arguments of a process. Where both tokens are -, the\n" +
        "first line of stdin is the token and the second the one that may do less.\n\n" +
        "At most 100 requests are sent, redirects are not followed, and only tools that say that they\n" +
        "only read are called. Ask before you point it at a server of somebody else.\n\n" +
        "Exit code 0 means no failure (there may be warnings), 1 a failure, 2 wrong usage.",
    );
}

function requireEndpointUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw usageError(`${text} is no URL such as https://mcp.example.com/mcp`);
  }
  if (url.username !== "" || url.password !== "" || url.hash !== "") {
    throw usageError("Give the URL without user name, password and fragment");
  }
}

function chosen(only: string | undefined): readonly Group[] {
  if (only === undefined) return GROUPS;
  const wanted = only.split(/[\s,]+/).filter((id) => id !== "");
  const known = new Set(GROUPS.flatMap(({ id, checks }) => [id, ...checks.map(({ id }) => id)]));
  const unknown = wanted.filter((id) => !known.has(id));
  if (unknown.length > 0 || wanted.length === 0) {
    throw usageError(
      `There is no check ${unknown.join(", ") || "in an empty list"}; the groups are ${
        GROUPS.map(({ id }) => id).join(", ")
      }, and their checks are in docs/doctor.md`,
    );
  }
  return GROUPS.map((group) => ({
    ...group,
    checks: group.checks.filter(({ id }) => wanted.includes(id) || wanted.includes(group.id)),
  })).filter(({ checks }) => checks.length > 0);
}

function milliseconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS)) {
    throw usageError(`--timeout is in seconds, more than 0 and at most ${MAX_TIMEOUT_SECONDS}`);
  }
  return seconds * 1000;
}

async function readCertificates(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw usageError(`${path} has no certificate in PEM`);
}

async function tokensFor(
  url: string,
  flags: DoctorFlags,
  io: Io,
): Promise<Partial<Record<TokenName, string>>> {
  const { token, lowToken, clientId } = flags;
  if (token !== undefined && clientId !== undefined) {
    throw usageError("Give either --token or --client-id");
  }
  const lines = token === "-" || lowToken === "-"
    ? ((await io.input?.()) ?? "").split(/\r?\n/).filter((line) => line.trim() !== "")
    : [];
  const full = clientId === undefined ? given(token, lines) : await grantedToken(url, flags, io);
  const low = given(lowToken, lines);
  if (low !== undefined && full === undefined) throw usageError("--low-token needs --token too");
  return { ...(full === undefined ? {} : { full }), ...(low === undefined ? {} : { low }) };
}

/** The token alone; people also paste the header that it stood in. */
function given(flag: string | undefined, lines: string[]): string | undefined {
  if (flag === undefined) return undefined;
  const text = flag === "-" ? lines.shift() : flag;
  const token = text?.trim().replace(/^(authorization:\s*)?bearer\s+/i, "");
  if (token && /^[\x21-\x7e]+$/.test(token)) return token;
  throw usageError("Give the access token on stdin or as the argument, alone and on one line");
}

async function grantedToken(url: string, flags: DoctorFlags, io: Io): Promise<string> {
  if (!isSecureUrl(url)) throw usageError("A credential is not used for a server on plain http");
  const client = await givenClient(io, flags);
  if (client === undefined) throw usageError("Give --client-secret or --private-key too");
  const discovery = await discover(new URL(url), client);
  return (await grantToken(discovery, client, scopeList(flags.scopes ?? ""))).accessToken;
}
