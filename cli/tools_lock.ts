/** `gatehouse tools lock`: pins what the tools of this program promise, or says what has changed since. */

import { readFile, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { createScopePolicy } from "../auth/scopes.ts";
import { tools } from "../tools/mod.ts";
import { createRegistry } from "../tools/registry.ts";
import { columns, usageError } from "./command.ts";
import type { ExitCode, Io } from "./command.ts";
import { driftOf, LOCK_FILE, lockOf, lockText, readLock } from "./lock_file.ts";
import type { Drift, ToolLock } from "./lock_file.ts";
import { NAME } from "./version.ts";

interface LockFlags {
  readonly file: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

/** What the comparison came to. */
interface Comparison {
  readonly drift: readonly Drift[];
  /** Whether the catalogue as a whole is the pinned one; false without drift where the file was edited. */
  readonly sameCatalogue: boolean;
}

/** Adds the command below `tools`. */
export function registerToolsLock(
  parent: Command,
  io: Io,
  setExit: (code: ExitCode) => void,
): void {
  parent.command("lock")
    .description("write down what the tools of this program promise, or compare")
    .option("--check", "write nothing; exit code 1 where the file says something else")
    .option("--file <path>", "the lock file", LOCK_FILE)
    .option("--json", "print the differences as JSON")
    .action(async (_: unknown, command: Command) => {
      // `tools` has --json too, and takes it wherever it stands.
      const flags = command.optsWithGlobals<LockFlags>();
      // The shipped scopes: the lock belongs to the source, and no deployment's configuration changes it.
      const policy = createScopePolicy();
      const current = lockOf(createRegistry(tools, policy));
      const locked = await lockIn(flags.file);
      const comparison: Comparison = {
        drift: locked ? driftOf(locked, current, policy) : [],
        sameCatalogue: locked?.catalogue === current.catalogue,
      };
      const isSame = comparison.sameCatalogue && comparison.drift.length === 0;
      if (!flags.check) await writeFile(flags.file, lockText(current));
      else if (!isSame) setExit(1);
      if (flags.json) return io.out(JSON.stringify(comparison, null, 2));
      const warns = comparison.drift.some(({ warnings }) => warnings.length > 0);
      const say = flags.check && !isSame || warns ? io.err : io.out;
      say(report(flags, current, locked, comparison));
    });
}

/** Undefined where there is no file; one that cannot be read is not overwritten. */
async function lockIn(path: string): Promise<ToolLock | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT") return undefined;
    throw usageError(`Cannot read ${path}: ${code}`);
  }
  const lock = readLock(text);
  if (lock === undefined) throw usageError(`${path} is not a lock file; remove it to begin anew`);
  return lock;
}

function report(
  { file, check }: LockFlags,
  current: ToolLock,
  locked: ToolLock | undefined,
  { drift, sameCatalogue }: Comparison,
): string {
  const count = `${Object.keys(current.tools).length} tools, catalogue ${current.catalogue}`;
  if (drift.length === 0 && sameCatalogue) return `${file} is up to date: ${count}`;
  const repair = `If that is meant: ${NAME} tools lock`;
  if (locked === undefined) {
    return check ? `There is no ${file}. Make it: ${NAME} tools lock` : `Wrote ${file}: ${count}`;
  }
  const head = check ? `${file} says something else than the tools:` : `Wrote ${file}: ${count}`;
  const found = drift.length > 0 ? driftText(drift) : "  the hash of the catalogue";
  return [head, found, ...check ? [repair] : []].join("\n");
}

/** One line a tool, and below it what must not pass unseen. */
export function driftText(drift: readonly Drift[]): string {
  const rows = columns(drift.map(({ kind, tool, members }) => [kind, tool, members.join(", ")]));
  const lines = rows.split("\n").map((row) => row.trimEnd());
  return drift.flatMap(({ warnings }, index) => [
    lines[index]!,
    ...warnings.map((warning) => `    !! ${warning}`),
  ]).join("\n");
}
