/** Finds the sections of the documentation that a question is about, and the part of each that answers it. */

import MiniSearch from "minisearch";
import { listDocs, sectionsOf } from "./docs.ts";
import type { Section } from "./docs.ts";

/** UTF-16 units of an excerpt, and of all together, so that an answer stays under 8 kB. */
const MAX_EXCERPT_LENGTH = 1400;
const MAX_TOTAL_LENGTH = 6500;
export const MAX_FOUND = 6;

export interface Found {
  readonly title: string;
  readonly path: string;
  /** Whole lines, in Markdown; where some are left out, "…" stands for them. */
  readonly excerpt: string;
}

/** The best sections, best first; none where no word of the query occurs. */
export function searchDocs(query: string): readonly Found[] {
  const { index, sections } = searchable();
  const found: Found[] = [];
  let room = MAX_TOTAL_LENGTH;
  for (const { id, terms } of index.search(query).slice(0, MAX_FOUND)) {
    const { title, path, text } = sections[id as number]!;
    const excerpt = excerptOf(text, terms, Math.min(MAX_EXCERPT_LENGTH, room));
    room -= excerpt.length + title.length + path.length;
    if (room < 0) break;
    found.push({ title, path, excerpt });
  }
  return found;
}

let built: { index: MiniSearch; sections: readonly Section[] } | undefined;

/** Built by the first question; a server that nobody asks pays nothing. */
function searchable() {
  if (built) return built;
  const sections = listDocs().flatMap(sectionsOf);
  const index = new MiniSearch({
    fields: ["title", "text"],
    searchOptions: {
      boost: { title: 3 },
      prefix: (term) => term.length > 3,
      fuzzy: (term) => term.length > 5 ? 0.15 : false,
    },
    processTerm: (term) => STOP_WORDS.has(term.toLowerCase()) ? null : term.toLowerCase(),
  });
  index.addAll(sections.map(({ title, text }, id) => ({ id, title, text })));
  return built = { index, sections };
}

const STOP_WORDS = new Set(
  ("a an and are as at be by can do does for from has have how i if in is it its my no not of on or so " +
    "than that the their then there this to use was what when where which who why will with you your")
    .split(" "),
);

/** The lines around the first one that has most of the terms. */
function excerptOf(text: string, terms: readonly string[], maxLength: number): string {
  if (text.length <= maxLength) return text;
  const lines = text.split("\n");
  const hits = lines.map((line) =>
    terms.filter((term) => line.toLowerCase().includes(term)).length
  );
  let first = Math.max(0, hits.indexOf(Math.max(...hits)) - 1);
  let last = first;
  // A line that is longer than all of the room is cut, and the marks on both sides need some.
  let length = lines[first]!.length + 8;
  const fits = (line: string | undefined) => line !== undefined && length + line.length < maxLength;
  while (fits(lines[last + 1])) length += lines[++last]!.length + 1;
  while (fits(lines[first - 1])) length += lines[--first]!.length + 1;
  const part = lines.slice(first, last + 1).join("\n").slice(0, Math.max(0, maxLength - 8));
  return `${first > 0 ? "…\n" : ""}${part}${last < lines.length - 1 ? "\n…" : ""}`;
}
