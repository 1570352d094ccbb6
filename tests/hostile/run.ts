/** `deno task hostile`: runs the suite against every runtime that is there and prints the score of each group. */

import process from "node:process";
import { parseArgs } from "node:util";
import { needs } from "../support/process.ts";
import type { Runtime } from "../support/process.ts";
import { GENERATED, SUITES } from "./generators_suites.ts";
import { GROUPS } from "./groups.ts";
import { runGroup } from "./suite.ts";
import type { Score } from "./suite.ts";
import { startTarget } from "./target.ts";

const RUNTIMES: readonly Runtime[] = ["deno", "bun", "binary"];

const { values: flags } = parseArgs({
  options: { runtime: { type: "string" }, group: { type: "string" } },
});
const runtimes = flags.runtime?.split(",") as Runtime[] | undefined ??
  RUNTIMES.filter((runtime) => needs(runtime).skip === undefined);
const wanted = flags.group?.split(",");
const isWanted = ({ name }: { name: string }) => wanted === undefined || wanted.includes(name);
const groups = [...GROUPS, ...GENERATED].filter(isWanted);
const suites = SUITES.filter(isWanted);

const scores = new Map<string, Score[]>();
for (const runtime of runtimes) {
  const startedAt = Date.now();
  const add = (score: Score) => {
    scores.set(score.group, [...scores.get(score.group) ?? [], score]);
    for (const { id, name, problems } of score.failures) {
      console.log(`${runtime} ${id} ${name}\n    ${problems.join("\n    ")}`);
    }
  };
  const target = await startTarget({ runtime });
  for (const group of groups) add(await runGroup(group, target));
  const code = await target.stop();
  if (code !== 0) console.log(`${runtime} ended with ${code}`);
  for (const suite of suites) add(await suite.run(runtime));
  console.log(`${runtime}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}
const reasons = new Map<string, string[]>();
for (const [index, runtime] of runtimes.entries()) {
  for (const { exceptions } of [...scores.values()].flatMap((score) => score[index] ?? [])) {
    for (const { id, why } of exceptions) {
      const key = `${runtime}: ${why}`;
      reasons.set(key, [...reasons.get(key) ?? [], id]);
    }
  }
}
console.log("\nAnswered by the runtime in its own way, which our code cannot change:");
for (const [why, ids] of reasons) console.log(`  ${why} (${ids.join(" ")})`);
console.log();
for (const group of [...groups, ...suites]) {
  const line = (scores.get(group.name) ?? [])
    .map(({ passed, total }, index) => `${runtimes[index]} ${passed}/${total}`);
  console.log(`${group.name.padEnd(4)} ${line.join("  ").padEnd(44)} ${group.title}`);
}
process.exitCode = [...scores.values()].flat().some(({ failures }) => failures.length > 0) ? 1 : 0;
