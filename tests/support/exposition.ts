/** A strict reader of Prometheus text (version 0.0.4): whatever a scraper might stumble over is an error. */

import { assert, assertEquals } from "@std/assert";

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const SAMPLE = new RegExp(`^(${NAME})(\\{(.*)\\})? (\\S+)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** Returns the families by name; throws for a text that is not well-formed. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  assert(text.endsWith("\n"), "the last line has no end");
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  let help: [string, string] | undefined;
  let current: string | undefined;
  const seen = new Set<string>();
  for (const line of text.slice(0, -1).split("\n")) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      assert(!families.has(name!), `${name} is declared twice`);
      help = [name!, rest!];
    } else if (kind === "TYPE") {
      assertEquals(help?.[0], name, "a TYPE follows its HELP");
      assert(["counter", "gauge", "histogram"].includes(rest!), line);
      families.set(name!, { type: rest!, help: help![1], samples: [] });
      current = name!;
    } else if (line !== "") {
      const sample = parseSample(line);
      const family = families.get(current!);
      assert(family !== undefined && belongs(sample.name, current!, family.type), line);
      const identity = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
      assert(!seen.has(identity), `${line} stands twice`);
      seen.add(identity);
      family.samples.push(sample);
    }
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function parseSample(line: string): Sample {
  const [, name, , inner = "", number] = SAMPLE.exec(line) ?? [];
  assert(name !== undefined, `not a sample: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const found = LABEL.exec(inner);
    assert(found !== null, `not a label: ${line}`);
    assert(!(found[1]! in labels), `a label stands twice: ${line}`);
    labels[found[1]!] = found[2]!;
  }
  const value = number === "+Inf" ? Infinity : Number(number);
  assert(!Number.isNaN(value), line);
  return { name, labels, value };
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type !== "histogram") return sample === family;
  return ["_bucket", "_sum", "_count"].some((ending) => sample === family + ending);
}

/** Counters end in `_total` and do not fall below zero; buckets rise, and the last one counts all. */
function checkFamily(name: string, { type, help, samples }: Family): void {
  assert(help.length > 10, `${name} has no help`);
  if (type === "counter") {
    assert(name.endsWith("_total"), name);
    assert(samples.every(({ value }) => value >= 0), name);
  }
  if (type !== "histogram") return;
  const series = Map.groupBy(samples, ({ labels: { le: _, ...own } }) => JSON.stringify(own));
  for (const own of series.values()) {
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) =>
      labels["le"] === "+Inf" ? Infinity : Number(labels["le"])
    );
    assertEquals(bounds, [...bounds].sort((a, b) => a - b), `${name}: bounds rise`);
    assertEquals(bounds.at(-1), Infinity);
    const counts = buckets.map(({ value }) => value);
    assertEquals(counts, [...counts].sort((a, b) => a - b), `${name}: buckets rise`);
    assertEquals(counts.at(-1), own.find((sample) => sample.name === `${name}_count`)?.value);
    assert(own.some((sample) => sample.name === `${name}_sum`), name);
  }
}

/** The value of one series; undefined where there is none. */
export function valueOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ""));
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return family?.samples.find((sample) =>
    sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted
  )?.value;
}
