/** Builds the program as the tasks of deno.json do, for an output of the tests' own. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const RUNNING_ON = basename(process.execPath).replace(/\.exe$/, "");

/** Where the runtimes are; the one that runs the tests need not be on the PATH. */
export const EXECUTABLES = {
  deno: RUNNING_ON === "deno" ? process.execPath : "deno",
  bun: RUNNING_ON.startsWith("bun") ? process.execPath : "bun",
} as const;

/** The part of deno.json that decides what a build is and may do. */
export interface BuildSettings {
  readonly tasks: Readonly<Record<string, string>>;
  readonly permissions: { readonly gatehouse: Readonly<Record<string, unknown>> };
}

export function buildSettings(): BuildSettings {
  return JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
}

/** Runs a task's command with another output, and for `entry` instead of the program; returns what it printed. */
export function build(
  task: "compile" | "compile:bun" | "bundle",
  outfile: string,
  env: Readonly<Record<string, string>> = {},
  entry = "main.ts",
): string {
  const command = buildSettings().tasks[task]!
    .replace(/main\.ts$/, entry)
    .replace(/(--output|--outfile) \S+/, `$1 "${outfile}"`)
    .replace(/^(deno|bun) /, (_, name: keyof typeof EXECUTABLES) => `"${EXECUTABLES[name]}" `);
  const done = spawnSync(command, {
    cwd: ROOT,
    shell: true,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
  if (done.status !== 0) throw new Error(`${task} failed:\n${done.stderr}`);
  return done.stdout + done.stderr;
}

let built: string | undefined;

/** The Bun binary, built once by each process of tests. */
export function binary(): string {
  if (built !== undefined) return built;
  const folder = join(ROOT, "dist", "tests");
  mkdirSync(folder, { recursive: true });
  const fresh = join(mkdtempSync(join(folder, "build-")), "gatehouse");
  build("compile:bun", fresh);
  built = join(folder, "gatehouse");
  // Renamed into place: another process of tests may be running the one before.
  renameSync(fresh, built);
  rmdirSync(dirname(fresh));
  return built;
}
