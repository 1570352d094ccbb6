import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { challengeOf } from "../../../cli/connect/challenge.ts";
import { createToolHeaders } from "../../../cli/connect/tool_headers.ts";
import { headerValue } from "../../../cli/header_value.ts";

function decode(value: string): string {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  return new TextDecoder().decode(Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0)));
}

test("headerValue() encodes what a header cannot carry, or would be read as encoded", () => {
  for (const plain of ["add", "a b", "file:///x y?z=1"]) assertEquals(headerValue(plain), plain);
  for (
    const text of ["", " a", "a ", "æ", "a\r\nx-evil: 1", "=?base64?YWRk?=", "𝄞".repeat(100_000)]
  ) {
    const value = headerValue(text);
    assert(/^=\?base64\?[A-Za-z0-9+/=]*\?=$/.test(value), value.slice(0, 40));
    assertEquals(decode(value), text);
  }
});

test("tool headers repeat the primitive arguments that the schema marks, and nothing else", () => {
  const tools = createToolHeaders();
  const marked = (type: string, name: unknown = "Tenant") => ({ type, "x-mcp-header": name });
  const inputSchema = {
    type: "object",
    properties: {
      tenant: marked("string"),
      count: marked("integer", "Count"),
      dry: marked("boolean", "Dry"),
      price: marked("number", "Price"),
      bad: marked("string", "a b\r\n"),
      plain: { type: "string" },
      deep: { type: "object", properties: { region: marked("string", "Region") } },
      list: { type: "array", items: marked("string", "Item") },
    },
  };
  const name = "pay";
  assertEquals(tools.headersOf({ name, arguments: { tenant: "a" } }), {}, "no list was seen");
  tools.learn(
    { tools: [{ name, inputSchema }, { name: "other", inputSchema: {} }, null] },
    undefined,
  );
  const input = {
    ...{ tenant: "æ", count: 3, dry: false, price: 1.5, bad: "x", plain: "secret" },
    ...{ deep: { region: "eu" }, list: ["x"] },
  };
  assertEquals(tools.headersOf({ name, arguments: input }), {
    "mcp-param-tenant": "=?base64?w6Y=?=",
    "mcp-param-count": "3",
    "mcp-param-dry": "false",
    "mcp-param-region": "eu",
  });
  assertEquals(tools.headersOf({ name, arguments: { tenant: null, count: 2 ** 60 } }), {});
  assertEquals(tools.headersOf({ name: "other", arguments: input }), {});
  tools.learn({ tools: [] }, "page-2");
  assertEquals(tools.headersOf({ name, arguments: { tenant: "a" } }), { "mcp-param-tenant": "a" });
  tools.learn({ tools: [] }, undefined);
  assertEquals(tools.headersOf({ name, arguments: { tenant: "a" } }), {}, "the list began anew");
});

test("challengeOf() finds the Bearer challenge among others, and survives what is none", async () => {
  const read = (header?: string) =>
    challengeOf(new Response(null, header ? { headers: { "www-authenticate": header } } : {}));
  assertEquals(
    await read(
      'Basic realm="x", Bearer error="insufficient_scope", scope="a:b c", resource_metadata="https://x.example/m", DPoP algs="ES256"',
    ),
    {
      error: "insufficient_scope",
      scopes: ["a:b", "c"],
      resourceMetadata: "https://x.example/m",
    },
  );
  for (const header of [undefined, "Bearer", ', , "', "Bearer scope=", "Negotiate abc=="]) {
    const { scopes, resourceMetadata } = await read(header);
    assertEquals([scopes, resourceMetadata], [[], undefined]);
  }
});
