/** The scenarios that pass, as the repository records them, and what a run changes about that. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Verdict } from "./suite.ts";

/** By revision, each passing scenario with how many of its checks passed. */
export type Baseline = Record<string, Record<string, number>>;

const FILE = join(import.meta.dirname!, "baseline.json");

export async function readBaseline(): Promise<Baseline> {
  return JSON.parse(await readFile(FILE, "utf8")) as Baseline;
}

export async function writeBaseline(baseline: Baseline): Promise<void> {
  await writeFile(FILE, JSON.stringify(baseline, null, 2) + "\n");
}

export interface Comparison {
  /** One line for each scenario that is worse than recorded. */
  readonly regressions: readonly string[];
  /** Scenarios that are better than recorded. */
  readonly gains: readonly Verdict[];
}

/** A scenario is worse when it fails, when fewer of its checks pass, or when it is not there any more. */
export function compare(
  recorded: Readonly<Record<string, number>>,
  verdicts: readonly Verdict[],
): Comparison {
  const found = new Map(verdicts.map((verdict) => [verdict.scenario, verdict]));
  const regressions = Object.entries(recorded).flatMap(([scenario, passed]) => {
    const now = found.get(scenario);
    if (now === undefined) return [`${scenario} is not among the suite's scenarios`];
    if (now.failed > 0) return [`${scenario} fails: ${now.reasons.slice(0, 3).join("; ")}`];
    if (now.passed < passed) {
      return [`${scenario} passes with ${now.passed} checks instead of ${passed}`];
    }
    return [];
  });
  const gains = verdicts.filter(({ scenario, passed, failed }) =>
    failed === 0 && passed > (recorded[scenario] ?? -1)
  );
  return { regressions, gains };
}

/** Records what got better; what got worse is taken out by hand, with a reason in the commit. */
export function withGains(
  recorded: Readonly<Record<string, number>>,
  gains: readonly Verdict[],
): Record<string, number> {
  return { ...recorded, ...Object.fromEntries(gains.map((gain) => [gain.scenario, gain.passed])) };
}
