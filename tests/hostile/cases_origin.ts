/** H-D: Origin, fetch metadata and CORS. */

import { added, numbered } from "./cases.ts";
import type { Context } from "./context.ts";
import { adding, without } from "./draft.ts";
import type { Draft } from "./draft.ts";
import type { Case, Expectation, Outcome } from "./suite.ts";

const INSPECTOR = "http://localhost:6274";

function origin(id: string, value: string, expect: Expectation = "403o"): Case {
  return {
    ...added(id, `Origin: ${JSON.stringify(value)}`.slice(0, 60), [], expect),
    request: (context) => adding(context.valid(), `Origin: ${withPort(value, context)}`),
  };
}

const withPort = (text: string, { target }: Context) =>
  text.replace(/\bP\b/g, () => String(target.port));

const ORIGINS: readonly Case[] = [
  origin("H129", "http://evil.com"),
  {
    id: "H129.1",
    name: "Origin: http://evil.com without a token",
    request: (context) =>
      adding(without(context.valid(), "Authorization"), "Origin: http://evil.com"),
    expect: "403o",
  },
  ...numbered("H130", [
    "null",
    "file://",
    "chrome-extension://abcdefghijklmnop",
    "data:",
    "",
    "http://",
    "http://localhost@evil.com",
    "http://evil.com#localhost",
    "http://evil.com#http://localhost:P",
    "*",
    "undefined",
    "about:blank",
    "javascript:alert(1)",
    "moz-extension://x",
    "http://localhost:P http://evil.com",
    "http://localhost:P, http://evil.com",
    "localhost:P",
    "//localhost:P",
    "NULL",
  ], (id, value) => origin(id, value)),
  ...numbered("H130.20", [
    ["http://localhost:P", "http://evil.com"],
    ["http://evil.com", "http://localhost:P"],
    ["http://localhost:P", "http://localhost:P"],
    ["http://localhost:P", "null"],
  ], (id, values) => ({
    id,
    name: `two Origins: ${values.join(" ")}`,
    request: (context) =>
      adding(context.valid(), ...values.map((value) => `Origin: ${withPort(value, context)}`)),
    expect: ["403o", "runtime:400"],
  })),
  ...numbered("H131", [
    "http://localhost.evil.com",
    "http://evillocalhost",
    "http://127.0.0.1.evil",
    "http://localhost.evil.com:P",
    "http://evillocalhost:P",
    "http://localhost:P.evil.com",
    "http://xn--localhost:P",
    "http://localhost.:P",
  ], (id, value) => origin(id, value)),
  ...numbered("H132", [
    "http://localhost:9999",
    "https://localhost",
    "https://localhost:P",
    "http://localhost",
    "http://localhost:P/",
    "http://localhost:P/mcp",
    "HTTP://localhost:P",
    "http://LOCALHOST:P",
    "http://2130706433:P",
    "http://127.1:P",
    "http://0.0.0.0:P",
    "http://user@localhost:P",
    "https://localhost:6274",
    "http://localhost:06274",
  ], (id, value) => origin(id, value)),
  ...numbered("H132.20", [
    "http://localhost:P",
    "http://127.0.0.1:P",
    INSPECTOR,
    "http://127.0.0.1:6274",
  ], (id, value) => origin(id, value, "200")),
  added(
    "H133",
    "Sec-Fetch-Site: cross-site without Origin",
    ["Sec-Fetch-Site: cross-site"],
    "403o",
  ),
  added("H133.1", "a no-cors request", [
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Mode: no-cors",
    "Sec-Fetch-Dest: empty",
  ], "403o"),
  {
    id: "H133.2",
    name: "a cross-site navigation to the endpoint",
    request: (context) => ({
      line: "GET /mcp HTTP/1.1",
      headers: [
        `Host: ${context.target.host}`,
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: navigate",
      ],
      body: "",
    }),
    expect: "403o",
  },
  ...numbered(
    "H133.3",
    ["same-origin", "same-site", "none"],
    (id, site) => added(id, `Sec-Fetch-Site: ${site}`, [`Sec-Fetch-Site: ${site}`], "200"),
  ),
];

function preflight(context: Context, from: string, ...lines: readonly string[]): Draft {
  return {
    line: "OPTIONS /mcp HTTP/1.1",
    headers: [
      `Host: ${context.target.host}`,
      `Origin: ${withPort(from, context)}`,
      "Access-Control-Request-Method: POST",
      ...lines,
    ],
    body: "",
  };
}

const headerOf = (name: string) => (outcome: Outcome) => outcome.responses[0]?.header(name);
const allowedOrigin = headerOf("access-control-allow-origin");
const allowedHeaders = headerOf("access-control-allow-headers");
const allowsPrivateNetwork = headerOf("access-control-allow-private-network");

const PREFLIGHTS: readonly Case[] = [
  {
    id: "H134",
    name: "a preflight from an allowed origin",
    request: (context) =>
      preflight(
        context,
        INSPECTOR,
        "Access-Control-Request-Headers: authorization,content-type,mcp-method",
      ),
    expect: "204",
    verify: (outcome) =>
      allowedOrigin(outcome) === INSPECTOR &&
        /authorization/i.test(allowedHeaders(outcome) ?? "") &&
        headerOf("access-control-allow-credentials")(outcome) === undefined
        ? undefined
        : "the preflight is not answered exactly",
  },
  ...numbered("H135", [
    "http://evil.com",
    "null",
    "http://localhost.evil.com",
    "file://",
    "https://localhost:P",
    "",
  ], (id, from) => ({
    id,
    name: `a preflight from ${from}`,
    request: (context) => preflight(context, from),
    expect: "403o",
  })),
  ...numbered("H136", [
    "Access-Control-Request-Headers: x-evil",
    `Access-Control-Request-Headers: ${
      Array.from({ length: 200 }, (_, index) => `x-evil-${index}`).join(",")
    }`,
    "Access-Control-Request-Headers: mcp-param-a%0d%0aX-Evil: 1",
    "Access-Control-Request-Headers: *",
    "Access-Control-Request-Headers: mcp-param-ok, x-evil, mcp-param-(evil)",
    "Access-Control-Request-Headers: mcp-param-<evil>",
  ], (id, header) => ({
    id,
    name: header.slice(0, 70),
    request: (context) => preflight(context, INSPECTOR, header),
    expect: "204",
    verify: (outcome) =>
      /evil|\*|%/.test(allowedHeaders(outcome) ?? "") ? "a foreign header is allowed" : undefined,
  })),
  {
    id: "H136.10",
    name: "CR LF in the requested headers",
    request: (context) =>
      preflight(context, INSPECTOR, "Access-Control-Request-Headers: mcp-param-a\r\nX-Evil: 1"),
    expect: "204",
    verify: (outcome) => outcome.received.includes("Evil") ? "it came back" : undefined,
  },
  {
    id: "H136.11",
    name: "thousands of headers of ours",
    request: (context) =>
      preflight(
        context,
        INSPECTOR,
        `Access-Control-Request-Headers: ${
          Array.from({ length: 900 }, (_, index) => `mcp-param-${index}`).join(",")
        }`,
      ),
    expect: "204",
    verify: (outcome) =>
      (allowedHeaders(outcome)?.length ?? 0) < 2048 ? undefined : "the list is long",
  },
  {
    id: "H137",
    name: "a private network from an allowed origin",
    request: (context) =>
      preflight(context, INSPECTOR, "Access-Control-Request-Private-Network: true"),
    expect: "204",
    verify: (outcome) => allowsPrivateNetwork(outcome) === "true" ? undefined : "it is not granted",
  },
  {
    id: "H137.1",
    name: "a private network from elsewhere",
    request: (context) =>
      preflight(context, "http://evil.com", "Access-Control-Request-Private-Network: true"),
    expect: "403o",
    verify: (outcome) => allowsPrivateNetwork(outcome) === undefined ? undefined : "it is granted",
  },
  {
    id: "H138",
    name: "a 401 that an allowed page may read",
    request: (context) => adding(without(context.valid(), "Authorization"), `Origin: ${INSPECTOR}`),
    expect: "401b",
    verify: (outcome) =>
      allowedOrigin(outcome) === INSPECTOR &&
        /www-authenticate/i.test(headerOf("access-control-expose-headers")(outcome) ?? "") &&
        /origin/i.test(headerOf("vary")(outcome) ?? "")
        ? undefined
        : "the page cannot read it",
  },
  {
    id: "H138.1",
    name: "metadata for any page",
    request: (context) => ({
      line: "GET /.well-known/oauth-protected-resource/mcp HTTP/1.1",
      headers: [`Host: ${context.target.host}`, "Origin: http://evil.com"],
      body: "",
    }),
    expect: "200doc",
    verify: (outcome) => allowedOrigin(outcome) === "*" ? undefined : "the page cannot read it",
  },
  {
    id: "H138.2",
    name: "metadata under a foreign Host",
    request: () => ({
      line: "GET /.well-known/oauth-protected-resource/mcp HTTP/1.1",
      headers: ["Host: evil.com"],
      body: "",
    }),
    expect: "403o",
  },
];

export const ORIGIN: readonly Case[] = [...ORIGINS, ...PREFLIGHTS];
