/** H-F: headers that must agree with the body, and headers that claim to. */

import { Buffer } from "node:buffer";
import { added, BY_RUNTIME, numbered, replaced } from "./cases.ts";
import type { Context } from "./context.ts";
import {
  adding,
  callBody,
  legacyDraft,
  modernDraft,
  replacing,
  withBody,
  without,
} from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

const READING = "list_environments";
const WRITING = "create_organization";

const method = (id: string, value: string, expect: Expectation = "400m") =>
  replaced(id, "Mcp-Method", [`Mcp-Method: ${value}`], expect);
const name = (id: string, value: string, expect: Expectation = "400m") =>
  replaced(id, "Mcp-Name", [`Mcp-Name: ${value}`], expect);
const revision = (id: string, value: string, expect: Expectation) =>
  replaced(id, "MCP-Protocol-Version", [`MCP-Protocol-Version: ${value}`], expect);

const base64 = (text: string | Uint8Array) =>
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

const METHOD_HEADER: readonly Case[] = [
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

const NAME_HEADER: readonly Case[] = [
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

const REVISIONS: readonly Case[] = [
  replaced("H174", "MCP-Protocol-Version", [], "400m"),
  ...numbered("H174.1", [
    "2025-11-25",
    "2025-06-18",
    "2026-07-27",
    "9999-99-99",
    "2026-07-28, 2025-11-25",
    "2026-07-28,2026-07-28",
    "x".repeat(1024),
    "",
    "2026-7-28",
    "2026-07-28 x",
    "draft",
    "2.0",
    "latest",
  ], (id, value) => revision(id, value, ["400m", "400v"])),
  ...numbered(
    "H174.20",
    [["2026-07-28", "2025-11-25"], ["2025-11-25", "2026-07-28"], ["2026-07-28", "2026-07-28"]],
    (id, values) =>
      replaced(
        id,
        "MCP-Protocol-Version",
        values.map((value) => `MCP-Protocol-Version: ${value}`),
        ["400m", "400v"],
      ),
  ),
  ...numbered("H174.25", ["9999-99-99", "2025-11-25", "1.0"], (id, value) => ({
    id,
    name: `header and body say ${value}`,
    request: (context) => {
      const draft = replacing(
        context.valid(),
        "MCP-Protocol-Version",
        `MCP-Protocol-Version: ${value}`,
      );
      return withBody(draft, String(draft.body).replace('"2026-07-28"', JSON.stringify(value)));
    },
    expect: ["400v", "400m", ...(value === "2025-11-25" ? ["200"] as const : [])],
  })),
  {
    id: "H174.30",
    name: "a modern header over a message of 2025-11-25",
    request: ({ target, token }) =>
      legacyDraft(target.host, token(), {
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: READING, arguments: {} },
      }, "2026-07-28"),
    expect: ["400m", "400i", "400v"],
  },
  ...numbered(
    "H174.31",
    ["9999-99-99", "x", "2025-11-25, 2025-06-18", "2026-07-29"],
    (id, value) => ({
      id,
      name: `2025 message with ${value}`,
      request: ({ target, token }) =>
        legacyDraft(target.host, token(), {
          jsonrpc: "2.0",
          id: 1,
          method: "tools/list",
          params: {},
        }, value),
      expect: "400v",
    }),
  ),
];

const PARAMETERS: readonly Case[] = [
  ...numbered("H175", [
    ["Mcp-Param-Unknown: x"],
    ["Mcp-Param-PageSize: 99"],
    ["Mcp-Param-PageSize: 1", "Mcp-Param-PageSize: 2"],
    [`Mcp-Param-PageSize: ${base64("1")}`],
    ["Mcp-Param-Name: create_organization"],
    ["Mcp-Param-: x"],
    ["Mcp-Param-__proto__: x"],
    ["Mcp-Param-EnvironmentId: env_x"],
  ], (id, lines) => added(id, lines.join(" | "), lines, "200")),
  ...numbered(
    "H177",
    [
      "../../x",
      "00000000-0000-0000-0000-000000000000",
      "a".repeat(8000),
      "__proto__",
      "' OR 1=1--",
      "x y",
    ],
    (id, value) =>
      added(id, `Mcp-Session-Id: ${value.slice(0, 20)}`, [`Mcp-Session-Id: ${value}`], "200"),
  ),
  added("H177.6", "Mcp-Session-Id with CR LF", ["Mcp-Session-Id: a\r\nX-Evil: 1"], "200"),
  {
    ...added(
      "H177.7",
      "Mcp-Session-Id of 1 MB",
      [`Mcp-Session-Id: ${"a".repeat(1_000_000)}`],
      "431",
    ),
    except: BY_RUNTIME.headerOver64KiB,
  },
  ...numbered("H178", ["GET", "DELETE"], (id, verb) => ({
    id,
    name: `${verb} with a guessed session id and no token`,
    request: ({ target }) => ({
      line: `${verb} /mcp HTTP/1.1`,
      headers: [
        `Host: ${target.host}`,
        "Mcp-Session-Id: 1868a90c",
        "Last-Event-ID: 1",
        "Accept: text/event-stream",
      ],
      body: "",
    }),
    expect: "401b",
  })),
  ...numbered("H178.2", ["GET", "DELETE"], (id, verb) => ({
    id,
    name: `${verb} with a guessed session id and a token`,
    request: ({ target, token }) => ({
      line: `${verb} /mcp HTTP/1.1`,
      headers: [
        `Host: ${target.host}`,
        `Authorization: Bearer ${token()}`,
        "Mcp-Session-Id: 1868a90c",
        "Last-Event-ID: 1",
        "Accept: text/event-stream",
      ],
      body: "",
    }),
    expect: "405",
  })),
  {
    id: "H178.4",
    name: "a session id does not stand in for a token",
    request: (context) =>
      without(
        adding(context.legacy("tools/list", {}), "Mcp-Session-Id: 1868a90c"),
        "Authorization",
      ),
    expect: "401b",
  },
];

export const AGREEMENT: readonly Case[] = [
  ...METHOD_HEADER,
  ...NAME_HEADER,
  ...REVISIONS,
  ...PARAMETERS,
];
