import { test } from "node:test";
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { listDocs, sectionsOf } from "../../tools/docs.ts";
import { callTool, inputProblems } from "../support/tools.ts";

interface Section {
  readonly title: string;
  readonly path: string;
  readonly excerpt: string;
}

async function search(query: string): Promise<readonly Section[]> {
  return (await callTool("search_docs", { query })).sections;
}

test("search_docs finds the section that a question is about, and shows the part with the words", async () => {
  const cases: readonly [string, string, string][] = [
    ["trusted proxies", "docs/operations.md#behind-a-proxy", "GATEHOUSE_TRUSTED_PROXIES"],
    ["connect claude desktop", "README.md#connect-a-client", "connect"],
    ["revoke a client", "README.md#revoke", "restore"],
    ["confirmation elicitation", "docs/architecture.md#confirmation", "person"],
    // Prefixes and typing errors.
    ["autorization servr", "README.md#use-your-own-authorization-server", "GATEHOUSE_ISSUER"],
  ];
  for (const [query, path, words] of cases) {
    const found = await search(query);
    const section = found.slice(0, 3).find((section) => section.path === path);
    assert(section, `${query}: ${found.map(({ path }) => path)}`);
    assertStringIncludes(section.excerpt, words, query);
  }
});

test("search_docs shows the line with the words, however long the section is", async () => {
  const [first] = await search("GATEHOUSE_LOG_LEVEL");
  assertEquals(first!.path, "README.md#configure");
  assertStringIncludes(first!.excerpt, "GATEHOUSE_LOG_LEVEL");
});

test("search_docs returns at most 8 kB, whatever is asked", async () => {
  const everything = "server token client scope tool issuer access audit database listen gatehouse";
  for (
    const query of [everything, "a", "tools", "the token of the server", "`|`", "x".repeat(200)]
  ) {
    const sections = await search(query);
    const bytes = new TextEncoder().encode(JSON.stringify({ sections })).length;
    assertLess(bytes, 8192, query);
  }
});

test("search_docs returns nothing for words that are nowhere", async () => {
  assertEquals(await search("zzzzqqqq"), []);
  assertEquals(await search("the of and"), []);
});

test("search_docs returns what is written, and links that exist", async () => {
  const sections = new Map(
    listDocs().flatMap(sectionsOf).map((section) => [section.path, section]),
  );
  for (const { path, title, excerpt } of await search("audit trail keys")) {
    const section = sections.get(path)!;
    assertEquals(title, section.title);
    const written = excerpt.replace(/^…\n/, "").replace(/\n…$/, "");
    assertStringIncludes(section.text, written);
  }
});

test("search_docs refuses an empty, a long and a hidden query", () => {
  for (const query of ["", " ", "x".repeat(201), "a\u202eb", "a\nb", 1, null]) {
    assert(inputProblems("search_docs", { query }).length > 0, `${query}`);
  }
});
