/** H-D: paths that are none of ours, however they are spelled. */

import { BY_RUNTIME, numbered } from "./cases.ts";
import { get, line, WELL_KNOWN } from "./cases_host.ts";
import type { Case, Expectation } from "./suite.ts";

function path(id: string, text: string, expect: Expectation, more: Partial<Case> = {}): Case {
  return {
    id,
    name: `GET ${text}`.slice(0, 70),
    request: (context) => get(context, text),
    expect,
    ...more,
  };
}

const DOT_SEGMENTS = {
  bun: {
    expect: "200",
    why:
      "Bun removes dot segments before our code sees the path; a proxy that decides by path must do so too",
  },
} as const;

export const PATHS: readonly Case[] = [
  ...numbered("H139", [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/..;/mcp",
    "/%252e%252e/",
    "/\\..\\..\\etc\\passwd",
    "/%c0%ae%c0%ae/etc/passwd",
    "/mcp;x",
    "/mcp.",
    "/mcp%00",
    "//mcp",
    "/mcp/",
    "/MCP",
    "/mcp/mcp",
    "mcp",
    "/",
    "%2fmcp",
    "/mcp?",
    "/mcp#x",
    "/mcp%20",
    "/.git/config",
    "/mcp\xC3\xA9",
  ], (id, suffix) => path(id, WELL_KNOWN + suffix, ["404", "runtime:400"])),
  { ...path("H139.30", `${WELL_KNOWN}/${"a".repeat(10_000)}`, "404") },
  ...numbered("H139.31", [
    "/.well-known/../mcp",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/",
    "/.well-known",
  ], (id, text) => path(id, text, id === "H139.31" ? ["404", "401b"] : "404")),
  path("H139.36", WELL_KNOWN, "200doc"),
  path("H139.37", `${WELL_KNOWN}/mcp?x=1`, "200doc"),
  ...numbered("H140", [
    "/mcp/",
    "//mcp",
    "/MCP",
    "/%6dcp",
    "/mcp;x",
    "/mcp%00",
    "/mcp?",
    "/mcp#",
    "/mcp#x",
    "/mcp%20",
    "/mcp%2f",
    "/mcp.",
    "/mcp/x",
    "/mcp%3fx",
    "/.mcp",
    "/mcp\\",
    "/\xC2\xA0mcp",
  ], (id, text) => line(id, `POST ${text}`, ["404", "runtime:400"])),
  ...numbered("H140.20", [
    "/x/../mcp",
    "/./mcp",
    "/%2e/mcp",
    "/x/%2e%2e/mcp",
    "/x\\..\\mcp",
    "/mcp/../mcp",
  ], (id, text) => line(id, `POST ${text}`, "404", { except: DOT_SEGMENTS })),
  ...numbered(
    "H140.30",
    ["/mcp/.", "/mcp/./", "/\\mcp", "/mcp/..", "/..mcp"],
    (id, text) => line(id, `POST ${text}`, ["404", "405"]),
  ),
  ...numbered("H141", [
    "/.well-known/jwks.json",
    "/admin",
    "/metrics",
    "/.git/config",
    "/.env",
    "/debug",
    "/readyz",
    "/register",
    "/token",
    "/authorize",
    "/oauth/token",
    "/sse",
    "/messages",
    "/server-status",
    "/main.ts",
    "/package.json",
    "/favicon.ico",
    "/robots.txt",
    "/_debug/pprof",
    "/bun:info",
    "/oauth/revoke",
    "/audit",
  ], (id, text) => path(id, text, "404")),
  {
    id: "H142",
    name: "GET /mcp without a token",
    request: (context) => get(context, "/mcp"),
    expect: "401b",
  },
  {
    id: "H142.1",
    name: "DELETE /mcp without a token",
    request: (context) => ({ ...get(context, "/mcp"), line: "DELETE /mcp HTTP/1.1" }),
    expect: "401b",
  },
  ...numbered("H142.2", ["GET", "DELETE", "PUT", "HEAD", "OPTIONS"], (id, method) => ({
    id,
    name: `${method} /mcp with a token`,
    request: (context) => ({
      parts: [
        `${method} /mcp HTTP/1.1\r\nHost: ${context.target.host}\r\nAuthorization: Bearer ${context.token()}\r\nAccept: text/event-stream\r\n\r\n`,
      ],
      head: method === "HEAD",
    }),
    expect: method === "HEAD" ? "405head" : "405",
  })),
  {
    id: "H142.7",
    name: "GET /mcp with a session id and without a token",
    request: (context) => get(context, "/mcp", "Mcp-Session-Id: 1"),
    expect: "401b",
  },
  {
    ...path("H142.8", `/mcp?${"a".repeat(20_000)}`, "414"),
    except: { bun: BY_RUNTIME.headerOver64KiB.bun },
  },
];
