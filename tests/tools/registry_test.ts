import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createScopePolicy } from "../../auth/scopes.ts";
import { createRegistry, defineTool } from "../../tools/registry.ts";
import type { AnyToolDefinition } from "../../tools/registry.ts";

const policy = createScopePolicy();

const good: AnyToolDefinition = defineTool({
  name: "good_tool",
  title: "Good",
  description: "A tool that is sound in every respect and does nothing at all.",
  effect: "read",
  scopes: ["org:read"],
  input: z.strictObject({ format: z.string() }),
  output: z.object({ ok: z.boolean() }),
  handle: () => Promise.resolve({ ok: true }),
});

/** A definition as a careless author could write it; the types would not let us. */
function tool(changes: Record<string, unknown>): AnyToolDefinition {
  return { ...good, ...changes } as AnyToolDefinition;
}

test("createRegistry() seals sound tools and sorts them", () => {
  const registry = createRegistry([tool({ name: "zebra" }), good], policy);
  assertEquals(registry.tools.map(({ name }) => name), ["good_tool", "zebra"]);
  assertEquals(registry.get("good_tool")!.inputSchema, {
    type: "object",
    properties: { format: { type: "string" } },
    required: ["format"],
    additionalProperties: false,
  });
  assert(Object.isFrozen(registry.tools) && Object.isFrozen(registry.tools[0]));
  for (const name of ["constructor", "__proto__", "toString"]) {
    assertEquals(registry.get(name), undefined);
  }
});

test("createRegistry() adds the argument that confirms to tools that ask, and to no others", () => {
  const asking = tool({ name: "asking", effect: "delete", confirm: () => "Sure?" });
  const own = tool({ name: "own", input: z.strictObject({ confirm: z.string() }) });
  const registry = createRegistry([asking, own, good], policy);
  const argument = (name: string) =>
    (registry.get(name)!.inputSchema["properties"] as Record<string, { type: string }>)["confirm"]
      ?.type;
  assertEquals(["asking", "own", "good_tool"].map(argument), ["boolean", "string", undefined]);
  assertEquals(registry.get("asking")!.inputSchema["required"], ["format"]);
  assertEquals(registry.get("good_tool")!.confirm, undefined);
});

test("createRegistry() adds the idempotency key to what has an effect, and to nothing that reads", () => {
  const writing = tool({ name: "writing", effect: "create" });
  const reading = tool({
    name: "reading",
    input: z.strictObject({ idempotencyKey: z.string() }),
  });
  const registry = createRegistry([writing, reading, good], policy);
  const argument = (name: string) =>
    (registry.get(name)!.inputSchema["properties"] as Record<string, Record<string, unknown>>)[
      "idempotencyKey"
    ];
  assertEquals(argument("writing")?.["maxLength"], 128);
  assertEquals(argument("reading"), { type: "string" });
  assertEquals(argument("good_tool"), undefined);
  assertEquals(registry.get("writing")!.inputSchema["required"], ["format"]);
});

test("createRegistry() seals which arguments may be recorded as they are; without a word none", () => {
  const clear = ["format"];
  const registry = createRegistry([tool({ name: "clear", audit: { clear } }), good], policy);
  clear.push("secret");
  assertEquals(registry.get("clear")!.auditClear, ["format"]);
  assertEquals(registry.get("good_tool")!.auditClear, []);
  assert(Object.isFrozen(registry.get("clear")!.auditClear));
});

const FAULTS: readonly (readonly [string, Record<string, unknown>])[] = [
  ["neither scopes nor access", { scopes: undefined }],
  ["neither scopes nor access", { scopes: [] }],
  ["neither scopes nor access", { scopes: undefined, access: "everyone" }],
  ["both scopes and access", { access: "public" }],
  ["scope org:fly is not in the vocabulary", { scopes: ["org:fly"] }],
  ["not snake_case", { name: "GoodTool" }],
  ["not snake_case", { name: "x".repeat(65) }],
  ["not snake_case", { name: "" }],
  ["no title", { title: "" }],
  ["cost is not a whole number", { cost: 0 }],
  ["cost is not a whole number", { cost: 1.5 }],
  ["rate is not whole numbers", { rate: { points: 10, seconds: 0.5 } }],
  ["rate is not whole numbers", { rate: { points: Infinity, seconds: 1 } }],
  ["rate has 5 points, and one call costs 10", { cost: 10, rate: { points: 5, seconds: 1 } }],
  ["description has 3 characters", { description: "Hi." }],
  ["not both zod objects", { input: { type: "object" } }],
  ["not strict", { input: z.object({}) }],
  ["deletes and has no confirm", { effect: "delete" }],
  ["has a field confirm", {
    confirm: () => "Sure?",
    input: z.strictObject({ confirm: z.boolean() }),
  }],
  ["has a field idempotencyKey", {
    effect: "update",
    input: z.strictObject({ idempotencyKey: z.string() }),
  }],
  ["audit.clear names formats, which is not in its input", { audit: { clear: ["formats"] } }],
  ["audit.clear names confirm, which", { audit: { clear: ["confirm"] }, confirm: () => "Sure?" }],
  ["audit.clear names constructor, which", { audit: { clear: ["constructor"] } }],
  ['uses "format"', { input: z.strictObject({ list: z.array(z.email()) }) }],
  ['uses "x-mcp-header"', {
    input: z.strictObject({ region: z.string().meta({ "x-mcp-header": "Region" }) }),
  }],
];

for (const [fault, changes] of FAULTS) {
  test(`createRegistry() refuses a tool: ${fault} (${Object.keys(changes)})`, () => {
    assertStringIncludes(
      assertThrows(() => createRegistry([tool(changes)], policy), AppError).message,
      fault,
    );
  });
}

test("createRegistry() refuses an empty set and a name that is taken", () => {
  assertThrows(() => createRegistry([], policy), AppError, "there are no tools");
  assertThrows(() => createRegistry([good, good], policy), AppError, "taken");
});

test("createRegistry() reports every problem at once", () => {
  const error = assertThrows(
    () => createRegistry([tool({ title: "", scopes: [] }), tool({ name: "No" })], policy),
    AppError,
  );
  assertEquals((error.details!["problems"] as string[]).length, 3);
});

test("createRegistry() seals which upstreams a tool may call; without a word none", () => {
  const egress = ["billing"];
  const registry = createRegistry([tool({ name: "calling", egress }), good], policy);
  egress.push("crm");
  assertEquals(registry.get("calling")!.egress, ["billing"]);
  assertEquals(registry.get("good_tool")!.egress, []);
  assert(Object.isFrozen(registry.get("calling")!.egress));
  for (
    const [egress, fault] of [
      [["https://api.example.com"], "no name of an upstream"],
      [["Billing"], "no name of an upstream"],
      [[""], "no name of an upstream"],
      [["billing", "billing"], "twice"],
      [["a", "b", "c", "d", "e", "f", "g", "h", "i"], "more than 8"],
    ] as const
  ) {
    const error = assertThrows(() => createRegistry([tool({ egress })], policy), AppError);
    assertStringIncludes(error.message, fault);
  }
});
