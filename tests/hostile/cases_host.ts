/** H-D, first part: the Host, the request target and the path. */

import { BY_RUNTIME, numbered } from "./cases.ts";
import type { Context } from "./context.ts";
import { adding, replacing, withBody, withLine, without } from "./draft.ts";
import type { Draft } from "./draft.ts";
import type { Case, Expectation, Outcome } from "./suite.ts";

/** Another Host; `P` stands for the port of the server. */
function host(
  id: string,
  value: string,
  expect: Expectation = "403o",
  more: Partial<Case> = {},
): Case {
  return {
    id,
    name: `Host: ${JSON.stringify(value)}`.slice(0, 60),
    request: (context) => replacing(context.valid(), "Host", `Host: ${withPort(value, context)}`),
    expect,
    ...more,
  };
}

/** Another request line; `P` stands for the port of the server. */
function line(id: string, text: string, expect: Expectation, more: Partial<Case> = {}): Case {
  return {
    id,
    name: text.slice(0, 70),
    request: (context) => {
      const draft = withLine(context.valid(), `${withPort(text, context)} HTTP/1.1`);
      return /^(GET|OPTIONS|HEAD|CONNECT) /.test(text) ? withBody(draft, "") : draft;
    },
    expect,
    ...more,
  };
}

const withPort = (text: string, { target }: Context) =>
  text.replace(/\bP\b/g, () => String(target.port));

/** Runtimes refuse what is no Host at all before we see it. */
const NO_HOST: Expectation = ["403o", "runtime:400", "closed"];

const HOSTS: readonly Case[] = [
  ...numbered("H118", [
    "evil.example.com",
    "evil.example.com:P",
    "example.com",
    "localhost.localdomain:P",
  ], (id, value) => host(id, value)),
  host("H119", "", NO_HOST),
  {
    id: "H119.1",
    name: "no Host",
    request: (context) => without(context.valid(), "Host"),
    expect: NO_HOST,
  },
  {
    id: "H119.2",
    name: "no Host in HTTP/1.0",
    request: (context) => withLine(without(context.valid(), "Host"), "POST /mcp HTTP/1.0"),
    expect: ["403o", "runtime:400", "runtime:505", "closed"],
  },
  ...numbered("H120", [["localhost:P", "evil.example.com"], ["evil.example.com", "localhost:P"], [
    "localhost:P",
    "localhost:P",
  ]], (id, values) => ({
    id,
    name: `two Hosts: ${values.join(" ")}`,
    request: (context) =>
      replacing(
        context.valid(),
        "Host",
        ...values.map((value) => `Host: ${withPort(value, context)}`),
      ),
    expect: NO_HOST,
  })),
  ...numbered("H121", [
    "evil.com@127.0.0.1:P",
    "evil.com@localhost:P",
    "evil.com:x@localhost:P",
    "@localhost:P",
    "localhost:P@evil.com",
  ], (id, value) => host(id, value, NO_HOST)),
  ...numbered("H122", [
    "localhost:P/evil",
    "localhost:P?x",
    "localhost:P#",
    "localhost\\evil:P",
    "localhost:P\\evil",
    "localhost/evil",
    "localhost?x",
    "localhost#",
    "localhost\\evil",
    "a/b",
    "/",
    "http://localhost:P",
  ], (id, value) => host(id, value, NO_HOST)),
  ...numbered("H123", [
    "2130706433:P",
    "0x7f.1:P",
    "0x7f000001:P",
    "127.1:P",
    "017700000001:P",
    "[::ffff:127.0.0.1]:P",
    "0.0.0.0:P",
    "127.0.0.2:P",
    "[0:0:0:0:0:0:0:1]:P",
    "127.0.0.1.:P",
    "0:P",
    "[::]:P",
    "127.000.000.001:P",
    "%6cocalhost:P",
  ], (id, value) => host(id, value, NO_HOST)),
  ...numbered("H124", [
    "localhost.:P",
    "\xE2\x93\x9Bocalhost:P",
    "localhost.evil.com:P",
    "127.0.0.1.nip.io:P",
    "localhost:P.evil.com",
    "xn--localhost:P",
    "localhost\xC2\xAD:P",
  ], (id, value) => host(id, value, NO_HOST)),
  host("H124.7", "LOCALHOST:P", "200"),
  host("H124.8", "LocalHost:P", "200"),
  ...numbered("H125", [
    "localhost",
    "localhost:1",
    "localhost:80",
    "127.0.0.1:1",
    "localhost:P0",
    "localhost:0P",
    "localhost: P",
    "localhost:+P",
    "localhost:",
    "localhost:P,localhost:P",
    "localhost:P localhost:P",
  ], (id, value) => host(id, value, NO_HOST)),
  host("H125.20", "127.0.0.1:P", "200"),
  host("H125.21", "[::1]:P", "200"),
];

const ABSOLUTE = {
  bun: {
    expect: "200",
    why:
      "Bun drops the authority of an absolute request target before our code sees it; a proxy should route by it",
  },
} as const;

const TARGETS: readonly Case[] = [
  line("H126", "POST http://evil.com/mcp", ["403o", "runtime:400"], { except: ABSOLUTE }),
  line("H126.1", "POST http://evil.com@localhost:P/mcp", ["403o", "runtime:400"], {
    except: ABSOLUTE,
  }),
  line("H126.7", "POST http://2130706433:P/mcp", ["403o", "runtime:400"], { except: ABSOLUTE }),
  line("H126.2", "POST http://localhost:1/mcp", ["403o", "runtime:400"], { except: ABSOLUTE }),
  line("H126.3", "POST ftp://localhost:P/mcp", ["403o", "404", "runtime:400"]),
  line("H126.4", "POST http://localhost:P/mcp", "200"),
  line("H126.5", "POST http://evil.com", ["403o", "404", "runtime:400"], {
    except: { bun: { ...ABSOLUTE.bun, expect: "405" } },
  }),
  line("H126.6", "POST http:///mcp", ["403o", "404", "runtime:400"], { except: ABSOLUTE }),
  line("H127", "OPTIONS *", ["404", "403o", "runtime:400"]),
  line("H127.1", "POST localhost:P", ["403o", "404", "runtime:400", "closed"]),
  line("H127.2", "CONNECT localhost:P", ["403o", "404", "405", "runtime:400", "closed"]),
  line("H127.3", "POST *", ["403o", "404", "runtime:400", "closed"]),
  line("H127.4", "POST mcp", ["403o", "404", "runtime:400", "closed"]),
  line("H127.5", "POST \\mcp", ["403o", "404", "runtime:400", "closed"]),
];

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** The same answer as without the headers, word for word but for its request id. */
function unchanged(outcome: Outcome, context: Context): string | undefined {
  const said = JSON.stringify(outcome.responses.map(({ headers, body }) => [headers, body]));
  if (/evil/.test(said)) return "the answer took something over";
  return said.includes(`http://${context.target.host}/`)
    ? undefined
    : "the answer does not name us";
}

const FORWARDED = [
  ["X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "X-Forwarded-Port: 666"],
  ["Forwarded: host=evil.example;proto=https"],
  ["X-Original-URL: /evil", "X-Rewrite-URL: /evil", "X-Host: evil.example"],
  [
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Server: evil.example",
    "X-HTTP-Host-Override: evil.example",
  ],
];

const FORWARDING: readonly Case[] = [
  ...numbered("H128", FORWARDED, (id, lines) => ({
    id,
    name: `challenge with ${lines[0]}`,
    request: (context) => adding(without(context.valid(), "Authorization"), ...lines),
    expect: "401b",
    verify: unchanged,
  })),
  ...numbered("H128.4", FORWARDED, (id, lines) => ({
    id,
    name: `metadata with ${lines[0]}`,
    request: (context) => get(context, `${WELL_KNOWN}/mcp`, ...lines),
    expect: "200doc",
    verify: unchanged,
  })),
];

/** A GET without a token. */
function get({ target }: Context, path: string, ...lines: readonly string[]): Draft {
  return { line: `GET ${path} HTTP/1.1`, headers: [`Host: ${target.host}`, ...lines], body: "" };
}

function path(id: string, text: string, expect: Expectation, more: Partial<Case> = {}): Case {
  return {
    id,
    name: `GET ${text}`.slice(0, 70),
    request: (context) => get(context, text),
    expect,
    ...more,
  };
}

const PATHS: readonly Case[] = [
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
    "/mcp/.",
    "/%2e/mcp",
    "/x/%2e%2e/mcp",
    "/\\mcp",
    "/x\\..\\mcp",
    "/mcp/../mcp",
  ], (id, text) =>
    line(id, `POST ${text}`, "404", {
      except: {
        bun: {
          expect: text === "/mcp/." || text === "/\\mcp" ? "404" : "200",
          why:
            "Bun removes dot segments before our code sees the path; a proxy that decides by path must do so too",
        },
      },
    })),
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
    "/revoke",
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

export const HOST_AND_PATH: readonly Case[] = [...HOSTS, ...TARGETS, ...FORWARDING, ...PATHS];
