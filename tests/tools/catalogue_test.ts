/** What holds for every tool: the manifest against the folder, and the published schemas against real clients. */

import { test } from "node:test";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { tools } from "../../tools/mod.ts";
import type { JsonSchema } from "../../tools/schema_rules.ts";
import { createPipeline, MODERN_META, modernRequest, readAnswer } from "../support/pipeline.ts";
import { registry } from "../support/tools.ts";

/** The files of the folder that are no tools. */
const SHARED = [
  "audit_objects",
  "batches",
  "egress",
  "execute",
  "handle",
  "mod",
  "objects",
  "registry",
  "revocations",
  "sanitize",
  "schema_rules",
  "shapes",
];

const names = tools.map(({ name }) => name);

function namesIn(folder: string, ending: string): string[] {
  return readdirSync(fileURLToPath(new URL(folder, import.meta.url)))
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort();
}

/** A JSON Schema and all schemas in it, each with the path that leads there. */
function* schemasIn(schema: unknown, path: string): Generator<[string, Record<string, unknown>]> {
  if (schema === null || typeof schema !== "object") return;
  const node = schema as Record<string, unknown>;
  yield [path, node];
  for (const [name, property] of Object.entries(node["properties"] ?? {})) {
    yield* schemasIn(property, `${path}.${name}`);
  }
  for (const keyword of ["items", "additionalProperties", "propertyNames"]) {
    yield* schemasIn(node[keyword], `${path}.${keyword}`);
  }
}

function eachInputSchema() {
  return registry.tools.flatMap(({ name, inputSchema }) => [...schemasIn(inputSchema, name)]);
}

function eachOutputSchema() {
  return registry.tools.flatMap(({ name, outputSchema }) => [...schemasIn(outputSchema, name)]);
}

test("the manifest has every tool file of the folder, in the order of the folder", () => {
  assertEquals(names, namesIn("../../tools/", ".ts").filter((name) => !SHARED.includes(name)));
});

test("every tool file exports the tool of its name, and the manifest holds that one", async () => {
  for (const [index, name] of names.entries()) {
    const module = await import(new URL(`../../tools/${name}.ts`, import.meta.url).href);
    assert(module.default === tools[index], name);
    assertEquals(module.default.name, name);
  }
});

test("every tool file has its test", () => {
  const tested = namesIn("./", "_test.ts");
  assertEquals(names.filter((name) => !tested.includes(name)), []);
});

test("every title is short and every description whole sentences", () => {
  assertEquals(new Set(tools.map(({ title }) => title)).size, tools.length);
  for (const { name, title, description } of tools) {
    assertLessOrEqual(title.length, 40, name);
    assertGreater(description.length, 200, name);
    assertLessOrEqual(description.length, 1200, name);
    assert(/^[A-Z].*\.$/s.test(description) && !/ {2}|\n/.test(description), name);
  }
});

test("a description names no tool that does not exist", () => {
  // A word of the form verb_noun is a tool, an error code, a feature or a scope error.
  const others = new Set(["not_found", "invalid_input", "insufficient_scope", "dir_sync"]);
  for (const { name, description } of tools) {
    for (const [word] of description.matchAll(/\b[a-z]+(_[a-z]+)+\b/g)) {
      assert(others.has(word) || names.includes(word), `${name} names ${word}`);
    }
  }
});

test("a tool that writes needs a writing scope, and one that reads never does", () => {
  for (const { name, effect, scopes = [], access } of tools) {
    if (effect === "read") {
      assert(access === "public" || scopes.length > 0, name);
      assertEquals(scopes.filter((scope: string) => !scope.endsWith(":read")), [], name);
    } else {
      assert(access === undefined, name);
      assert(scopes.some((scope: string) => scope.endsWith(":write")), name);
    }
  }
});

test("the name of a tool tells its effect", () => {
  const effects: Record<string, string> = {
    list: "read",
    get: "read",
    whoami: "read",
    create: "create",
    import: "create",
    invite: "create",
    update: "update",
    restore: "update",
    revoke: "delete",
  };
  for (const { name, effect } of tools) assertEquals(effect, effects[name.split("_")[0]!], name);
});

test("only whoami is open to a caller without scopes", () => {
  assertEquals(tools.filter(({ access }) => access === "public").map(({ name }) => name), [
    "whoami",
  ]);
});

test("what may be recorded as it is are ids, numbers and words from closed lists", () => {
  for (const { name, inputSchema, auditClear } of registry.tools) {
    for (const field of auditClear) {
      const schema = (inputSchema["properties"] as Record<string, Record<string, unknown>>)[field]!;
      const isId = /^\^[a-z]+_\[A-Za-z0-9\]\{1,28\}\$$/.test(`${schema["pattern"]}`);
      const free = [...schemasIn(schema, "")].filter(([, part]) =>
        part["type"] === "string" && part["enum"] === undefined
      );
      assert(isId || free.length === 0, `${name}.${field}`);
    }
  }
});

test("input schemas are strict objects without unions, references or formats", () => {
  for (const [path, schema] of eachInputSchema()) {
    for (const keyword of ["anyOf", "oneOf", "allOf", "not", "$ref", "$defs", "format"]) {
      assert(!(keyword in schema), `${path} has ${keyword}`);
    }
    assert(typeof schema["type"] === "string", `${path} has no type`);
    if (schema["properties"] !== undefined) {
      assertEquals(schema["additionalProperties"], false, path);
    }
  }
});

test("every input is described and bounded, and its arguments are camelCase", () => {
  for (const [path, schema] of eachInputSchema()) {
    for (const [name, property] of Object.entries(schema["properties"] ?? {})) {
      assert(/^[a-z][A-Za-z]*$/.test(name), `${path}.${name}`);
      assert(
        (property as JsonSchema)["description"] !== undefined,
        `${path}.${name} has no description`,
      );
    }
    const { type, enum: values } = schema;
    const bound = { string: "maxLength", array: "maxItems", integer: "maximum" }[`${type}`];
    const byPattern = /\{1,\d+\}\$$/.test(`${schema["pattern"]}`);
    if (bound !== undefined && values === undefined && !byPattern) {
      assert(bound in schema, `${path} has no ${bound}`);
    }
    assert(type !== "number", `${path} takes fractions`);
  }
});

test("output schemas say every part, in camelCase and without formats", () => {
  for (const [path, schema] of eachOutputSchema()) {
    for (const keyword of ["anyOf", "oneOf", "allOf", "$ref", "$defs", "format"]) {
      assert(!(keyword in schema), `${path} has ${keyword}`);
    }
    assert(typeof schema["type"] === "string", `${path} has no type`);
    for (const name of Object.keys(schema["properties"] ?? {})) {
      assert(/^[a-z][A-Za-z]*$/.test(name), `${path}.${name}`);
    }
  }
});

test("every list takes a page and returns one", () => {
  for (const { name, inputSchema, outputSchema } of registry.tools) {
    if (!name.startsWith("list_")) continue;
    const input = inputSchema["properties"] as Record<string, Record<string, unknown>>;
    const { default: size, minimum, maximum } = input["pageSize"]!;
    assertEquals([size, minimum, maximum], [20, 1, 100], name);
    assertEquals(input["pageToken"]!["maxLength"], 1024, name);
    const output = outputSchema["properties"] as Record<string, Record<string, unknown>>;
    assert("nextPageToken" in output, name);
    // The audit trail is read from its end, and never to its beginning to be counted.
    assertEquals("totalSize" in output, name !== "list_audit_events", name);
    assertEquals(Object.values(output).filter(({ type }) => type === "array").length, 1, name);
  }
});

/** Every pattern with all strings that are worst for patterns of its kind; one that backtracks never comes back. */
test("published patterns work in other regex dialects and do not backtrack", () => {
  const hostile = ["a", "a.", "a@", "a-", " ", "a ", "-a.", "1_"]
    .flatMap((part) => ["", "a@", "org_"].map((start) => start + part.repeat(20_000) + "\n"));
  const patterns = new Set(
    eachInputSchema().flatMap(([, { pattern }]) => typeof pattern === "string" ? [pattern] : []),
  );
  assertGreater(patterns.size, 5);
  for (const pattern of patterns) {
    assert(pattern.startsWith("^") && pattern.endsWith("$"), `${pattern} is not anchored`);
    assert(!/\\[upPkbB]|\(\?/.test(pattern), `${pattern} is not portable`);
    // Validators in JavaScript add the u flag, which is stricter.
    const regex = new RegExp(pattern, "u");
    for (const text of hostile) assertEquals(regex.test(text), false);
  }
});

test("tools/list stays small enough for a model to read", async () => {
  const pipeline = await createPipeline({ tools, visibility: "all" });
  try {
    const body = { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: MODERN_META } };
    const answer = await pipeline.handler(
      modernRequest(await pipeline.issuer.token(), { body }),
      "127.0.0.1",
    );
    const { result } = await readAnswer(answer) as { result: { tools: { name: string }[] } };
    assertEquals(result.tools.map(({ name }) => name), [...names].sort());
    const bytes = new TextEncoder().encode(JSON.stringify(result)).length;
    assertLess(bytes / names.length, 3_000, "bytes for each tool");
  } finally {
    await pipeline.close();
  }
});
