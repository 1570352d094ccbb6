/** The embedded documentation against the files. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertGreater } from "@std/assert";
import { listDocs, readDoc, sectionsOf } from "../../tools/docs.ts";
import { toolsMarkdown } from "../../cli/tools_markdown.ts";
import { ROOT } from "../support/build.ts";
import { registry } from "../support/tools.ts";

const files = [
  "README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
].sort();

test("every page of the documentation is embedded, and none that is gone", () => {
  assertEquals(listDocs().map(({ path }) => path), files);
});

test("what is embedded is the text of the file of that name", () => {
  for (const { path, text, title } of listDocs()) {
    assert(text === readFileSync(join(ROOT, path), "utf8"), path);
    assert(title !== path && !title.startsWith("#"), `${path} has no title`);
  }
});

test("readDoc() knows pages and nothing else (H180)", () => {
  assertEquals(readDoc("docs/doctor.md")?.title, "Doctor");
  for (const path of ["", "docs", "/etc/passwd", "docs/../README.md", "__proto__", "toString"]) {
    assertEquals(readDoc(path), undefined, path);
  }
});

test("sectionsOf() splits at headings, outside of code, and links as GitHub does", () => {
  const text = [
    "Before.",
    "# A `b`: c, d!",
    "One.",
    "```sh",
    "# no heading",
    "```",
    "## Ä_x - y",
    "Two.",
    "### Empty",
    "## One",
    "Three.",
    "## One",
    "Four.",
  ].join("\n");
  const sections = sectionsOf({ path: "p.md", title: "", text });
  assertEquals(sections.map(({ path, title }) => [path, title]), [
    ["p.md", "p.md"],
    ["p.md#a-b-c-d", "A b: c, d!"],
    ["p.md#ä_x---y", "A b: c, d! > Ä_x - y"],
    ["p.md#one", "A b: c, d! > One"],
    ["p.md#one-1", "A b: c, d! > One"],
  ]);
  assertEquals(sections[1]!.text, "One.\n```sh\n# no heading\n```");
});

test("no section of the real pages is lost", () => {
  const sections = listDocs().flatMap(sectionsOf);
  assertGreater(sections.length, 50);
  assertEquals(new Set(sections.map(({ path }) => path)).size, sections.length);
  assertFalse(sections.some(({ title, text }) => title === "" || text === ""));
});

test("docs/tools.md is what `gatehouse tools --markdown` prints; run `deno task generate`", () => {
  assert(readDoc("docs/tools.md")!.text === `${toolsMarkdown(registry)}\n`);
});
