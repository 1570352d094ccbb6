import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { registry } from "../support/tools.ts";

/** Every keyword of a JSON Schema with its value; names of properties are no keywords. */
function keywordsOf(schema: unknown, path = ""): [string, unknown][] {
  if (schema === null || typeof schema !== "object") return [];
  if (Array.isArray(schema)) {
    return schema.flatMap((item, at) => keywordsOf(item, `${path}[${at}]`));
  }
  return Object.entries(schema).flatMap(([keyword, value]) => [
    [keyword, value] as [string, unknown],
    ...(keyword === "properties"
      ? Object.values(value).flatMap((property) => keywordsOf(property, `${path}.${keyword}`))
      : keywordsOf(value, `${path}.${keyword}`)),
  ]);
}

function depthOf(schema: unknown): number {
  if (schema === null || typeof schema !== "object") return 0;
  return 1 + Math.max(0, ...Object.values(schema).map(depthOf));
}

test("no published schema points anywhere, and none is deep or large (R83)", () => {
  for (const { name, inputSchema, outputSchema } of registry.tools) {
    for (const schema of [inputSchema, outputSchema]) {
      const keywords = keywordsOf(schema);
      const pointing = keywords.filter(([keyword]) =>
        /^\$(ref|dynamicRef|recursiveRef|id|schema|anchor)$/.test(keyword)
      );
      assertEquals(pointing, [], name);
      assert(keywords.length > 0 && keywords.length < 300, `${name}: ${keywords.length}`);
      assert(depthOf(schema) < 16, `${name}: ${depthOf(schema)}`);
    }
    const unions = keywordsOf(inputSchema).filter(([keyword]) => /^(any|one|all)Of$/.test(keyword));
    assertEquals(unions, [], name);
  }
});

test("no published schema asks clients to repeat an argument in a header (SEP-2243)", () => {
  for (const { name, inputSchema } of registry.tools) {
    const repeated = keywordsOf(inputSchema).filter(([keyword]) => keyword === "x-mcp-header");
    assertEquals(repeated, [], name);
  }
});
