/** Measures whether a valid call is answered while others abuse the server: `deno task abuse`. */

import process from "node:process";
import { parseArgs } from "node:util";
import { measure } from "./measure.ts";
import type { Measurement, MeasureOptions } from "./measure.ts";
import { SCENARIOS } from "./scenarios.ts";
import type { Scenario } from "./scenarios.ts";

/** What must hold while the abuse goes on, and after it. */
const BOUNDS = { callMs: 1000, peakMegabytes: 512, goneMs: 5000 };

const { values } = parseArgs({
  options: {
    runtime: { type: "string", default: "deno" },
    /** A proxy of deploy/ in front. */
    through: { type: "string" },
    /** A part of the scenario's name. */
    only: { type: "string", default: "" },
    /** How long the abuse goes on after its last answer, in seconds. */
    hold: { type: "string", default: "3" },
  },
});
const options: MeasureOptions = {
  runtime: oneOf("--runtime", values.runtime, "deno", "bun"),
  through: values.through === undefined
    ? undefined
    : oneOf("--through", values.through, "nginx", "caddy"),
  holdMs: Number(values.hold) * 1000,
  maxGoneMs: BOUNDS.goneMs,
};

const HEADINGS =
  "scenario|answers|calls|p50 ms|max ms|MB before|peak|after|ended by server|gone ms|verdict";
const rows = [HEADINGS.split("|")];
let sound = true;
for (const scenario of SCENARIOS.filter(({ name }) => name.includes(values.only))) {
  const measurement = await measure(scenario, options);
  const faults = faultsOf(scenario, measurement);
  if (faults.length > 0) sound = false;
  rows.push([...cellsOf(scenario, measurement), faults.join("; ") || "ok"]);
}
console.log(align(rows));
process.exit(sound ? 0 : 1);

function faultsOf(scenario: Scenario, measurement: Measurement): string[] {
  const { answers, latencies, failures, memory, goneMs, errors } = measurement;
  const faults: string[] = [];
  // What a proxy answers to abusers is its own affair.
  if (options.through === undefined && !scenario.expected.test(answers)) faults.push("answers");
  if (failures.length > 0 && scenario.shutsOut === undefined) {
    faults.push(`${failures.length} calls failed (${failures[0]})`);
  }
  if ((latencies.at(-1) ?? 0) > BOUNDS.callMs) faults.push("a slow call");
  if (memory.peak > BOUNDS.peakMegabytes) faults.push("memory");
  if (goneMs === undefined) faults.push("connections stay");
  if (errors.length > 0) faults.push(`${errors.length} errors in the log (${errors[0]})`);
  return faults;
}

function cellsOf(scenario: Scenario, measurement: Measurement): string[] {
  const { answers, latencies, memory, closed, goneMs } = measurement;
  const middle = latencies[Math.floor(latencies.length / 2)];
  return [
    scenario.name,
    answers,
    String(latencies.length),
    middle?.toFixed(0) ?? "-",
    latencies.at(-1)?.toFixed(0) ?? "-",
    ...[memory.before, memory.peak, memory.after, closed].map(String),
    goneMs?.toFixed(0) ?? "-",
  ];
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  "))
    .join("\n");
}

function oneOf<Name extends string>(flag: string, given: string, ...names: Name[]): Name {
  const name = names.find((known) => known === given);
  if (name !== undefined) return name;
  console.error(`abuse: ${flag} must be ${names.join(" or ")}`);
  process.exit(2);
}
