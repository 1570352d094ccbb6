/** The real program as a child process: from source on either runtime, or as the compiled binary. */

import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { binary, EXECUTABLES, ROOT } from "./build.ts";
import { freePort } from "./server.ts";

export type Runtime = "deno" | "bun" | "binary";

/** For the options of a test: the reason to skip it where a runtime is missing. */
export function needs(...runtimes: readonly Runtime[]): { readonly skip?: string } {
  const wanted = runtimes.map((runtime) => runtime === "binary" ? "bun" : runtime);
  const missing = wanted.filter((name) =>
    spawnSync(EXECUTABLES[name], ["--version"], { stdio: "ignore" }).status !== 0
  );
  return missing.length === 0 ? {} : { skip: `${missing.join(" and ")} is not on the PATH` };
}

/** The words that start the program. */
export function program(runtime: Runtime): readonly string[] {
  const main = join(ROOT, "main.ts");
  if (runtime === "deno") return [EXECUTABLES.deno, "run", "-A", main];
  return runtime === "bun" ? [EXECUTABLES.bun, main] : [binary()];
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the checkout. */
  readonly cwd?: string;
}

export interface Finished {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function run(
  [command, ...args]: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = start([command!, ...args], options);
  const output = collect(child);
  const code = await ended(child);
  return { code, ...output() };
}

export interface ProcessOptions extends RunOptions {
  /** What starts the program, where it is not `program(runtime)`. */
  readonly command?: readonly string[];
  readonly runtime?: Runtime;
}

export interface RunningProcess {
  /** The public origin; the MCP endpoint is this and `/mcp`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The origin of the embedded authorization server, where `env` names no issuer. */
  readonly issuer: string;
  /** What `env` became, for further commands against the same server. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdout: string;
  readonly stderr: string;
  /** Ends the process and returns its exit code. */
  stop(signal?: "SIGTERM" | "SIGINT" | "SIGKILL"): Promise<number | null>;
}

/** Starts the server on free ports, with a store in memory and without rate limits unless `env` says otherwise; resolves once it answers. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { runtime = "deno", command = program(runtime) } = options;
  const env = {
    GATEHOUSE_PORT: String(await freePort()),
    GATEHOUSE_ISSUER_PORT: String(await freePort()),
    GATEHOUSE_STORE: "sqlite::memory:",
    GATEHOUSE_RATE_LIMIT: "off",
    ...options.env,
  };
  const child = start(command, { ...options, env });
  const output = collect(child);
  const exit = ended(child);
  const port = Number(env.GATEHOUSE_PORT);
  const url = `http://localhost:${port}`;
  await answering(`${url}/healthz`, child, output);
  return {
    url,
    port,
    pid: child.pid!,
    issuer: `http://localhost:${env.GATEHOUSE_ISSUER_PORT}`,
    env,
    get stdout() {
      return output().stdout;
    },
    get stderr() {
      return output().stderr;
    },
    async stop(signal = "SIGTERM") {
      signalTo(child, signal);
      const late = setTimeout(() => signalTo(child, "SIGKILL"), 15_000);
      const code = await exit;
      clearTimeout(late);
      return code;
    },
  };
}

/** Runs a test with a new directory, and removes it. */
export async function withDirectory(body: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), "gatehouse-"));
  try {
    await body(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

function start([command, ...args]: readonly string[], options: RunOptions): ChildProcess {
  const isRuntime = Object.values(EXECUTABLES).includes(command!);
  return spawn(command!, args, {
    cwd: options.cwd ?? ROOT,
    // A binary stands alone; a runtime needs its caches and certificates.
    env: { ...(isRuntime ? surroundings() : {}), NO_COLOR: "1", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** The environment without what would configure the server. */
function surroundings(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("GATEHOUSE_")),
  );
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => stdout += text);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => stderr += text);
  return () => ({ stdout, stderr });
}

/** After `child.kill()` Deno reports the signal whatever the process made of it. */
function signalTo(child: ChildProcess, signal: "SIGTERM" | "SIGINT" | "SIGKILL"): void {
  if (child.exitCode === null && child.signalCode === null) process.kill(child.pid!, signal);
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code));
  });
}

async function answering(
  url: string,
  child: ChildProcess,
  output: () => { stdout: string; stderr: string },
): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  signalTo(child, "SIGKILL");
  throw new Error(`The server did not start:\n${output().stdout}${output().stderr}`);
}
