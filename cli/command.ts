/** What every command shares: where it writes, where its configuration comes from, and how it fails. */

import type { Command } from "commander";
import process from "node:process";
import { AppError } from "../errors.ts";
import { LOCATION_FORMS } from "../store/mod.ts";
import { loadConfig } from "./config.ts";
import type { Config } from "./config_schema.ts";

/** The surroundings of one run of the program. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  err(text: string): void;
  /** Everything on standard input; absent where there is none. */
  input?(): Promise<string>;
  /** Whether a person sees what is written to `out`, in colours. */
  readonly terminal?: boolean;
}

export const processIo: Io = {
  env: process.env,
  terminal: process.stdout.isTTY === true,
  out: (text) => void process.stdout.write(text.endsWith("\n") ? text : `${text}\n`),
  err: (text) => void process.stderr.write(text.endsWith("\n") ? text : `${text}\n`),
  async input() {
    if (process.stdin.isTTY) processIo.err("Reading from the terminal; end with Ctrl-D");
    let text = "";
    for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
    return text;
  },
};

/** 0 fine, 1 failed, 2 usage or configuration. */
export type ExitCode = 0 | 1 | 2;

/** Adds one command to the program; `setExit` tells how it ended where that is not 0. */
export type Register = (
  program: Command,
  io: Io,
  setExit: (code: ExitCode) => void,
) => void;

/** The flags that choose a configuration, for commands that work on a store or a server. */
export function withConfigFlags(command: Command): Command {
  return command
    .option("--config <file>", "JSON file for structured configuration")
    .option("--store <location>", LOCATION_FORMS);
}

export interface ConfigFlags {
  readonly config?: string;
  readonly store?: string;
  readonly host?: string;
  readonly port?: string;
  readonly url?: string;
}

export function configFrom(io: Io, flags: ConfigFlags): Promise<Config> {
  const { config: file, store, host, port, url } = flags;
  return loadConfig({ env: io.env, file, flags: { store, host, port, url } });
}

/** Splits what a person writes as `"env:read org:read"`, with commas or spaces. */
export function scopeList(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((scope) => scope !== "");
}

/** Aligns label and value pairs into two columns. */
export function columns(rows: readonly (readonly string[])[], indent = "  "): string {
  const widths = rows.reduce<number[]>((all, row) => {
    row.forEach((cell, index) => (all[index] = Math.max(all[index] ?? 0, cell.length)));
    return all;
  }, []);
  return rows.map((row) =>
    indent + row.map((cell, index) => index === row.length - 1 ? cell : cell.padEnd(widths[index]!))
      .join("  ")
  ).join("\n");
}

/** The reason of an `unavailable` that is about a server elsewhere; exit code 1. */
export const NO_ANSWER = "no_answer";

/** A wrong argument of a command; exit code 2. */
export function usageError(message: string): AppError {
  return new AppError("invalid_request", message, { reason: "usage" });
}

/** An access token from the argument or stdin, alone: people also paste the header that it stood in. */
export async function readToken(argument: string | undefined, io: Io): Promise<string> {
  const text = argument === undefined || argument === "-" ? await io.input?.() : argument;
  const token = text?.trim().replace(/^(authorization:\s*)?(bearer|dpop)\s+/i, "");
  if (!token) throw usageError("Give the access token on stdin or as the argument");
  return token;
}
