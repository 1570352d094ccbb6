/** Runs the official conformance suite as a child process and reads its verdicts. */

import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** What the suite found about one scenario. */
export interface Verdict {
  readonly scenario: string;
  /** Whether the revision demands it; what is optional or too new is run and told, not counted. */
  readonly required: boolean;
  /** Checks that passed: some scenarios "pass" with none, or fewer, against a server that does not answer. */
  readonly passed: number;
  readonly failed: number;
  /** Why checks failed, in the suite's words. */
  readonly reasons: readonly string[];
}

const SUITE = join(
  import.meta.dirname!,
  "../../node_modules/@modelcontextprotocol/conformance/dist/index.js",
);
const ROOT = join(import.meta.dirname!, "../..");
/** Twenty times what it takes; the suite has a bound for each scenario, but none for all. */
const TIMEOUT_MS = 120_000;

/** The revisions with a frozen list of required scenarios; for the others the suite knows which scenarios apply. */
const WITH_REQUIREMENTS = new Set(["2026-07-28", "2025-11-25"]);

/** Runs every scenario of a revision against the server at `url`. */
export async function runSuite(revision: string, url: string): Promise<readonly Verdict[]> {
  const selection = WITH_REQUIREMENTS.has(revision)
    ? ["--requirements", revision]
    : ["--suite", "all", "--spec-version", revision];
  const results = await mkdtemp(join(tmpdir(), "conformance-"));
  try {
    const output = await runChild(["server", "--url", url, ...selection, "-o", results]);
    const reasons = await reasonsIn(results);
    const optional = new Set(
      [...output.matchAll(/^ {2}[✓✗] (\S+) \(\S+\)$/gm)].map(([, scenario]) => scenario),
    );
    const summary = [...output.matchAll(/^[✓✗] (\S+): (\d+) passed, (\d+) failed$/gm)];
    if (summary.length === 0) throw new Error(`The suite gave no summary:\n${output.slice(-2000)}`);
    return summary.map(([, scenario = "", passed, failed]) => ({
      scenario,
      required: !optional.has(scenario),
      passed: Number(passed),
      failed: Number(failed),
      reasons: reasons.get(scenario) ?? [],
    }));
  } finally {
    await rm(results, { recursive: true });
  }
}

/** The suite wants Node 22 or Deno; so it runs under Deno, also where the server under test runs elsewhere. */
function runChild(args: readonly string[]): Promise<string> {
  const deno = process.versions["deno"] === undefined ? "deno" : process.execPath;
  const child = spawn(deno, ["run", "-A", SUITE, ...args], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => output += chunk);
  }
  return new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    // Its exit code says that something failed; what failed is for the baseline to judge.
    child.on("close", () => resolve(output));
  }).finally(() => clearTimeout(timer));
}

async function reasonsIn(results: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const reasons = new Map<string, readonly string[]>();
  for (const name of await readdir(results, { recursive: true })) {
    const scenario = /^server-(.+)-\d{4}-\d{2}-\d{2}T[^/]+\/checks\.json$/.exec(name)?.[1];
    if (scenario === undefined) continue;
    const checks = JSON.parse(await readFile(join(results, name), "utf8")) as {
      id: string;
      status: string;
      errorMessage?: string;
    }[];
    reasons.set(
      scenario,
      checks.filter(({ status }) => status === "FAILURE")
        .map(({ id, errorMessage = "failed" }) => `${id}: ${errorMessage}`),
    );
  }
  return reasons;
}
