/** Prints the rules with the number of tests that cite each: `deno task requirements`. */

import { REQUIREMENTS } from "./requirements.ts";
import type { Requirement } from "./requirements.ts";
import { readCitations } from "./requirements_citations.ts";

const citations = readCitations(import.meta.dirname!);
const rows = REQUIREMENTS.map(({ id, source, behaviour, notApplicable, later, missing }) => {
  const tests = String(citations.get(id)?.length ?? 0);
  if (notApplicable !== undefined) {
    return [id, source, behaviour, "-", `does not apply: ${notApplicable}`];
  }
  if (later !== undefined) return [id, source, behaviour, tests, `not yet: ${later}`];
  return [id, source, behaviour, tests, ...(missing === undefined ? [] : [`missing: ${missing}`])];
});
const header = ["id", "source", "behaviour", "tests"];
const widths = header.map((_, column) =>
  Math.max(...[header, ...rows].map((row) => row[column]!.length))
);
for (const row of [header, ...rows]) {
  console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}

const count = (holds: (rule: Requirement) => unknown) => REQUIREMENTS.filter(holds).length;
console.log(
  `\n${REQUIREMENTS.length} rules: ${count(({ id }) => citations.has(id))} held by tests ` +
    `(${count(({ missing }) => missing)} of them in part), ` +
    `${count(({ later }) => later)} not yet, ${count((rule) => rule.notApplicable)} do not apply`,
);
