/** H-F: the revision, parameters and session ids in headers. */

import { added, BY_RUNTIME, numbered, replaced } from "./cases.ts";
import { base64, READING } from "./cases_agreement.ts";
import { adding, legacyDraft, replacing, withBody, without } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

const revision = (id: string, value: string, expect: Expectation) =>
  replaced(id, "MCP-Protocol-Version", [`MCP-Protocol-Version: ${value}`], expect);

export const REVISIONS: readonly Case[] = [
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

export const PARAMETERS: readonly Case[] = [
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
