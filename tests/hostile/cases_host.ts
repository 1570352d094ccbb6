/** H-D: the Host, the request target, and headers that claim to know better. */

import { numbered } from "./cases.ts";
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
export function line(
  id: string,
  text: string,
  expect: Expectation,
  more: Partial<Case> = {},
): Case {
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

export const HOSTS: readonly Case[] = [
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

export const TARGETS: readonly Case[] = [
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

export const WELL_KNOWN = "/.well-known/oauth-protected-resource";

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

export const FORWARDING: readonly Case[] = [
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
export function get({ target }: Context, path: string, ...lines: readonly string[]): Draft {
  return { line: `GET ${path} HTTP/1.1`, headers: [`Host: ${target.host}`, ...lines], body: "" };
}
