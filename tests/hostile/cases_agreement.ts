/** H-F: Mcp-Method and Mcp-Name, which must agree with the body. */

import { Buffer } from "node:buffer";
import { BY_RUNTIME, numbered, replaced } from "./cases.ts";
import type { Context } from "./context.ts";
import { adding, callBody, modernDraft, replacing } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

export const READING = "list_environments";

const WRITING = "create_organization";

const method = (id: string, value: string, expect: Expectation = "400m") =>
  replaced(id, "Mcp-Method", [`Mcp-Method: ${value}`], expect);

const name = (id: string, value: string, expect: Expectation = "400m") =>
  replaced(id, "Mcp-Name", [`Mcp-Name: ${value}`], expect);

export const base64 = (text: string | Uint8Array) =>
  `=?base64?${Buffer.from(text as string).toString("base64")}?=`;

/** The header names one tool, the body another. */
function disagreeing(
  id: string,
  header: string,
  body: string,
  scope: string,
  expect: Expectation = "400m",
): Case {
  return {
    id,
    name: `Mcp-Name ${header}, body ${body}, scope ${scope}`,
    request: (context) =>
      replacing(
        context.valid({ tool: body, input: writing(body), scope }),
        "Mcp-Name",
        `Mcp-Name: ${header}`,
      ),
    expect,
  };
}

const writing = (tool: string) =>
  tool === WRITING
    ? { environmentId: "env_01JGXDFAM00000000000000002", displayName: "Hostile" }
    : {};

export const METHOD_HEADER: readonly Case[] = [
  replaced("H167", "Mcp-Method", [], "400m"),
  ...numbered("H167.1", [
    "tools/list",
    "TOOLS/CALL",
    "Tools/Call",
    "tools/calls",
    "tools/cal",
    "",
    "tools/call, tools/call",
    "tools/call,tools/list",
    "tools%2Fcall",
    "tools/call;",
    '"tools/call"',
    "*",
    base64("tools/call"),
  ], (id, value) => method(id, value)),
  method("H167.20", "tools/call\0", ["400m", "runtime:400"]),
  method("H167.21", "  tools/call  ", "200"),
  ...numbered(
    "H167.22",
    [["tools/call", "tools/list"], ["tools/list", "tools/call"], ["tools/call", "tools/call"]],
    (id, values) =>
      replaced(
        id,
        "Mcp-Method",
        values.map((value) => `Mcp-Method: ${value}`),
        "400m",
      ),
  ),
];

export const NAME_HEADER: readonly Case[] = [
  replaced("H168", "Mcp-Name", [], "400m"),
  ...numbered("H168.1", [
    WRITING,
    "list_environment",
    "list_environmentsx",
    "",
    "LIST_ENVIRONMENTS",
    `${READING}, ${WRITING}`,
    `${WRITING}, ${READING}`,
    `${READING},${READING}`,
    `${READING};`,
    `"${READING}"`,
    "list%5Fenvironments",
    "*",
    "__proto__",
    "constructor",
  ], (id, value) => name(id, value)),
  ...numbered(
    "H168.20",
    [[READING, WRITING], [WRITING, READING], [READING, READING]],
    (id, values) => replaced(id, "Mcp-Name", values.map((value) => `Mcp-Name: ${value}`), "400m"),
  ),
  name("H168.25", `${READING}\0`, ["400m", "runtime:400"]),
  name("H168.26", `  ${READING}\t`, "200"),
  name("H169", base64(READING), "200"),
  ...numbered("H170", [
    base64(READING).replace(/=*\?=$/, "?="),
    base64(READING).replace(/=*\?=$/, "====?="),
    `=?base64?${Buffer.from(READING).toString("base64").slice(0, 5)} ${
      Buffer.from(READING).toString("base64").slice(5)
    }?=`,
    "=?base64?!!!!?=",
    base64(READING).replace("base64", "BASE64"),
    base64(READING).replace("base64", "b64"),
    base64(base64(READING)),
    "=?base64??=",
    base64(Buffer.from([0xFF, 0xFE])),
    `=?base64?${Buffer.from(`${READING}?`).toString("base64url")}?=`,
    `${base64(READING)}x`,
    `x${base64(READING)}`,
    base64(READING).slice(0, -2),
    base64(`\uFEFF${READING}`),
    base64(`${READING}\0`),
    base64(`${READING} `),
    base64(WRITING),
    `=?utf-8?b?${Buffer.from(READING).toString("base64")}?=`,
    `=?base64?${nudged(READING)}?=`,
    `${base64(READING)}, ${base64(WRITING)}`,
  ], (id, value) => name(id, value)),
  {
    ...name("H170.30", base64("x".repeat(1_000_000)), ["400m", "431"]),
    except: BY_RUNTIME.headerOver64KiB,
  },
  name("H170.31", base64("x".repeat(8000)), "400m"),
  ...numbered("H171", [
    "list_environments\xC3\xA9",
    "list_environments\xE9",
    "\xE2\x80\x8Blist_environments",
    "l\xC4\xB1st_environments",
  ], (id, value) => name(id, value, ["400m", "runtime:400"])),
  ...numbered("H172", [WRITING, "x", "__proto__"], (id, value) => ({
    id,
    name: `tools/list with Mcp-Name ${value}`,
    request: ({ target, token }: Context) =>
      adding(
        modernDraft(target.host, token(), {
          jsonrpc: "2.0",
          id: 1,
          method: "tools/list",
          params: { _meta: (callBody("", {})["params"] as Record<string, unknown>)["_meta"] },
        }),
        `Mcp-Name: ${value}`,
      ),
    expect: ["200any", "400m"],
  })),
  ...numbered(
    "H173",
    ["env:read", "org:write", "env:read org:write"],
    (id, scope) => disagreeing(id, READING, WRITING, scope),
  ),
  ...numbered(
    "H173.3",
    ["env:read", "org:write"],
    (id, scope) => disagreeing(id, WRITING, READING, scope),
  ),
  disagreeing("H173.5", "whoami", WRITING, "env:read"),
  disagreeing("H173.6", `${READING}, ${WRITING}`, WRITING, "env:read org:write"),
  {
    id: "H173.7",
    name: "Mcp-Method tools/list over a call of the writing tool",
    request: (context) =>
      replacing(
        context.valid({ tool: WRITING, input: writing(WRITING), scope: "org:write" }),
        "Mcp-Method",
        "Mcp-Method: tools/list",
      ),
    expect: "400m",
  },
];

/** The same bytes with unused bits set; only an encoder that is not one writes that. */
function nudged(text: string): string {
  const encoded = Buffer.from(text).toString("base64");
  const last = encoded.replace(/=+$/, "").length - 1;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (last === encoded.length - 1) return encoded.slice(0, -1);
  return encoded.slice(0, last) + alphabet[alphabet.indexOf(encoded[last]!) | 1] +
    encoded.slice(last + 1);
}
