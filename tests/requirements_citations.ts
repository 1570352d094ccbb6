/** Finds which tests cite which rules: an id counts where it stands in the name of a test, alone or in a range. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A test's name with the file that has it. */
export interface Citation {
  readonly file: string;
  readonly name: string;
}

/** A call of test(), or the `name` of a row that a test is made from, up to the end of the literal. */
const NAMES =
  /^[ \t]*test\(\s*(["'`])((?:\\.|(?!\1)[^\\])*)\1|(?:^|[{,])\s*name: (["'`])((?:\\.|(?!\3)[^\\])*)\3/gm;
const IDS = /\bR(\d+)(?:-R(\d+))?\b/g;

/** The ids in the name of a test, ranges written out. */
export function idsIn(name: string): readonly string[] {
  return [...name.matchAll(IDS)].flatMap(([, first, last = first]) => {
    const ids: string[] = [];
    for (let id = Number(first); id <= Number(last); id += 1) ids.push(`R${id}`);
    return ids;
  });
}

/** The names of tests in a source text. */
export function namesIn(source: string): readonly string[] {
  return [...source.matchAll(NAMES)].map((match) => match[2] ?? match[4] ?? "");
}

/** Every cited id with the tests that cite it; `folder` holds the tests. */
export function readCitations(folder: string): ReadonlyMap<string, readonly Citation[]> {
  const citations = new Map<string, Citation[]>();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("_test.ts")).sort();
  for (const file of files) {
    for (const name of namesIn(readFileSync(join(folder, file), "utf8"))) {
      for (const id of new Set(idsIn(name))) {
        citations.set(id, [...citations.get(id) ?? [], { file, name }]);
      }
    }
  }
  return citations;
}
