/** `deno task hostile`: runs the suite against every runtime that is there and prints the score of each group. */

import process from "node:process";
import { needs } from "../support/process.ts";
import type { Runtime } from "../support/process.ts";
import { GROUPS } from "./groups.ts";
import { runGroup } from "./suite.ts";
import type { Score } from "./suite.ts";
import { startTarget } from "./target.ts";

const RUNTIMES: readonly Runtime[] = ["deno", "bun", "binary"];

const flags = process.argv.slice(2);
const valueOf = (flag: string) => flags.find((word) => word.startsWith(`${flag}=`))?.split("=")[1];
const runtimes = valueOf("--runtime")?.split(",") as Runtime[] | undefined ??
  RUNTIMES.filter((runtime) => runtime !== "binary" && needs(runtime).skip === undefined);
const wanted = valueOf("--group")?.split(",");
const groups = GROUPS.filter((group) => wanted === undefined || wanted.includes(group.name));

const scores = new Map<string, Score[]>();
for (const runtime of runtimes) {
  const startedAt = Date.now();
  const target = await startTarget({ runtime });
  for (const group of groups) {
    const score = await runGroup(group, target);
    scores.set(group.name, [...scores.get(group.name) ?? [], score]);
    for (const { id, name, problems } of score.failures) {
      console.log(`${runtime} ${id} ${name}\n    ${problems.join("\n    ")}`);
    }
  }
  const code = await target.stop();
  if (code !== 0) console.log(`${runtime} ended with ${code}`);
  console.log(`${runtime}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}
for (const group of groups) {
  const line = (scores.get(group.name) ?? [])
    .map(({ passed, total }, index) => `${runtimes[index]} ${passed}/${total}`);
  console.log(`${group.name.padEnd(4)} ${line.join("  ").padEnd(44)} ${group.title}`);
}
process.exitCode = [...scores.values()].flat().some(({ failures }) => failures.length > 0) ? 1 : 0;
