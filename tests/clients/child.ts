/** Runs a client of npm as a child process: under Node, in a home of its own, for a bounded time. */

import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const node = findNode();

/**
 * The options of a test that starts these clients, which are written for Node: without it they say so and are skipped.
 *
 * On a busy machine a start takes longer than the five seconds that Bun gives a test.
 */
export const needsNode: { readonly timeout: number; readonly skip?: string } = {
  timeout: 30_000,
  ...(node === undefined ? { skip: "node is not on the PATH" } : {}),
};

/** Runs a test with a new directory, and removes it. */
export async function withDirectory(run: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), "gatehouse-client-"));
  try {
    await run(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

export interface ChildOptions {
  /** The script, as a path inside `node_modules`. */
  readonly script: string;
  readonly args: readonly string[];
  /** Home and configuration directory. */
  readonly home: string;
  readonly timeoutMs?: number;
}

/**
 * Starts a script.
 *
 * The PATH is a directory without programs, so that no client opens the browser of whoever runs the tests.
 */
export function startChild({ script, args, home, timeoutMs = 25_000 }: ChildOptions): ChildProcess {
  if (node === undefined) throw new Error("node is not on the PATH");
  const path = fileURLToPath(new URL(`../../node_modules/${script}`, import.meta.url));
  return spawn(node, [path, ...args], {
    cwd: home,
    env: { HOME: home, USERPROFILE: home, PATH: home, MCP_REMOTE_CONFIG_DIR: home },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
}

export interface Finished {
  /** Null where the time was up. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script to its end. */
export function runChild(options: ChildOptions): Promise<Finished> {
  const child = startChild(options);
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text) => (stderr += text));
  child.stdin?.end();
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** The absolute path of Node, also where another runtime has put itself first on the PATH under that name. */
function findNode(): string | undefined {
  const found = spawnSync("node", ["-p", "process.execPath"], { encoding: "utf8" });
  const path = found.status === 0 ? found.stdout.trim() : "";
  return /node(\.exe)?$/.test(path) ? path : undefined;
}
