/** H-E, second part: messages of JSON-RPC and of the protocol. */

import { numbered } from "./cases.ts";
import type { Context } from "./context.ts";
import { callBody, legacyDraft, META, modernDraft, withBody, without } from "./draft.ts";
import type { Draft } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

const VALID = callBody("list_environments", {});
const PARAMS = VALID["params"] as Record<string, unknown>;

/** A valid message with members replaced; undefined leaves one out. The headers say what those of a valid request say. */
function message(
  id: string,
  name: string,
  changes: Record<string, unknown>,
  expect: Expectation,
): Case {
  return sent(id, name, { ...VALID, ...changes }, expect);
}

function params(
  id: string,
  name: string,
  changes: Record<string, unknown>,
  expect: Expectation,
): Case {
  return message(id, name, { params: { ...PARAMS, ...changes } }, expect);
}

function meta(
  id: string,
  name: string,
  changes: Record<string, unknown>,
  expect: Expectation,
): Case {
  return params(id, name, { _meta: { ...META, ...changes } }, expect);
}

function sent(id: string, name: string, body: unknown, expect: Expectation): Case {
  return {
    id,
    name: name.slice(0, 70),
    request: (context) => withBody(context.valid(), JSON.stringify(body)),
    expect,
  };
}

/** A message of 2026-07-28 whose headers agree with it. */
function modern(
  id: string,
  method: string,
  more: Record<string, unknown>,
  expect: Expectation,
  name = method,
): Case {
  return {
    id,
    name: name.slice(0, 70),
    request: (context) =>
      modernDraft(context.target.host, context.token(), {
        jsonrpc: "2.0",
        id: 1,
        method,
        params: { _meta: META, ...more },
      }),
    expect,
  };
}

function legacy(
  id: string,
  name: string,
  body: unknown,
  expect: Expectation,
  revision?: string,
): Case {
  return {
    id,
    name: name.slice(0, 70),
    request: (context) => legacyDraft(context.target.host, context.token(), body, revision),
    expect,
  };
}

const quoted = (value: unknown) => (JSON.stringify(value) ?? "missing").slice(0, 40);
const MEGABYTE = "m".repeat(1_000_000);

const ENVELOPE: readonly Case[] = [
  ...numbered(
    "H150",
    ["1.0", "2", undefined, "2.0 ", 2, null, ["2.0"], "2.00", ""],
    (id, value) => message(id, `jsonrpc ${quoted(value)}`, { jsonrpc: value }, "400r"),
  ),
  ...numbered("H151", [
    null,
    1.5,
    {},
    [],
    true,
    MEGABYTE,
    2 ** 53,
    -(2 ** 53),
    "x".repeat(257),
    false,
    [1],
  ], (id, value) => message(id, `id ${quoted(value)}`, { id: value }, "400r")),
  {
    id: "H151.20",
    name: "id 1e400",
    request: (context) => ({
      ...context.valid(),
      body: String(context.valid().body).replace('"id":1', '"id":1e400'),
    }),
    expect: ["400p", "400r"],
  },
  {
    id: "H151.21",
    name: "id 9007199254740993",
    request: (context) => ({
      ...context.valid(),
      body: String(context.valid().body).replace('"id":1', '"id":9007199254740993'),
    }),
    expect: "400r",
  },
  ...numbered("H151.22", [
    "__proto__",
    "constructor",
    -1,
    0,
    "a",
    "x".repeat(256),
    "\u0000",
    "<script>",
  ], (id, value) => message(id, `id ${quoted(value)}`, { id: value }, "200")),
  ...numbered(
    "H151.40",
    [""],
    (id, value) => message(id, "an empty id", { id: value }, ["200", "400r"]),
  ),
  ...numbered(
    "H153",
    [undefined, 7, "", null, {}, ["tools/call"], true, MEGABYTE],
    (id, value) => message(id, `method ${quoted(value)}`, { method: value }, "400r"),
  ),
  ...numbered(
    "H153.10",
    [
      "TOOLS/CALL",
      "__proto__",
      "rpc.discover",
      "constructor",
      "tools/call ",
      "tools",
      "tools/",
      "tools/delete",
      "x".repeat(128),
      "system.listMethods",
      "shutdown",
      "toString",
    ],
    (id, method) =>
      modern(id, method, {}, method.endsWith(" ") ? ["404r", "400m", "400r"] : ["404r", "400r"]),
  ),
  {
    id: "H153.30",
    name: "a method with NUL",
    request: (context) =>
      withBody(context.valid(), JSON.stringify({ ...VALID, method: "tools/call\0" })),
    expect: ["400m", "400r", "404r"],
  },
  ...numbered(
    "H154",
    [[], "x", null, 7, true],
    (id, value) => message(id, `params ${quoted(value)}`, { params: value }, "400i"),
  ),
  message("H154.5", "params missing", { params: undefined }, ["400i", "400m"]),
  params("H154.6", "the name missing", { name: undefined }, ["400i", "200i"]),
  ...numbered(
    "H154.7",
    [7, null, ["list_environments"], {}, true],
    (id, name) => params(id, `the name ${quoted(name)}`, { name }, ["400i", "200i", "400m"]),
  ),
  ...numbered("H155", [
    [VALID],
    [VALID, VALID],
    [],
    [[VALID]],
    Array.from({ length: 101 }, (_, id) => ({ ...VALID, id })),
    [{ jsonrpc: "2.0", method: "notifications/initialized" }],
    [{ ...VALID, params: { ...PARAMS, name: "create_organization" } }, VALID],
    [VALID, { jsonrpc: "2.0", id: 2, method: "tools/list" }],
    [1],
    [null],
  ], (id, batch) => sent(id, `a batch of ${quoted(batch)}`, batch, "400r")),
  ...numbered(
    "H155.20",
    ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"],
    (id, revision) =>
      legacy(
        id,
        `a batch of ${revision}`,
        [{
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name: "list_environments", arguments: {} },
        }, { jsonrpc: "2.0", id: 2, method: "tools/list" }],
        "400r",
        revision,
      ),
  ),
  legacy("H155.24", "an empty batch of 2025-03-26", [], "400r", "2025-03-26"),
  legacy(
    "H155.25",
    "a batch of notifications of 2025-03-26",
    [{ jsonrpc: "2.0", method: "notifications/initialized" }],
    "400r",
    "2025-03-26",
  ),
  ...numbered("H156", [
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: 1, error: { code: 1, message: "x" } },
    { jsonrpc: "2.0", id: 1, result: {}, error: { code: 1, message: "x" } },
    { ...VALID, result: {} },
    { ...VALID, error: { code: 1, message: "x" } },
    { jsonrpc: "2.0", id: null, error: { code: -32700, message: "x" } },
  ], (id, body) => sent(id, quoted(body), body, "400r")),
  ...numbered("H156.10", [{ jsonrpc: "2.0", id: 1, result: {} }, {
    jsonrpc: "2.0",
    id: 1,
    error: { code: 1, message: "x" },
  }], (id, body) => legacy(id, `in 2025-11-25: ${quoted(body)}`, body, "400r")),
  message("H157", "a further member", { x: 1 }, "400r"),
  message("H157.1", "a further member named token", { token: "x" }, "400r"),
  legacy("H157.2", "a further member in 2025-11-25", {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/list",
    params: {},
    x: 1,
  }, "400r"),
];

const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const CLIENT = "io.modelcontextprotocol/clientInfo";

const META_DATA: readonly Case[] = [
  params("H158", "_meta missing", { _meta: undefined }, "400i"),
  ...numbered(
    "H158.1",
    [null, [], "x", 7],
    (id, value) => params(id, `_meta ${quoted(value)}`, { _meta: value }, ["400i", "400r"]),
  ),
  meta("H158.5", "no version", { [VERSION]: undefined }, ["400i", "400m"]),
  meta("H158.6", "no capabilities", { [CAPABILITIES]: undefined }, "400i"),
  ...numbered(
    "H158.7",
    [7, null, [], {}, ""],
    (id, value) =>
      meta(id, `version ${quoted(value)}`, { [VERSION]: value }, ["400i", "400m", "400v"]),
  ),
  ...numbered(
    "H158.12",
    [7, null, [], "x"],
    (id, value) => meta(id, `capabilities ${quoted(value)}`, { [CAPABILITIES]: value }, "400i"),
  ),
  meta("H158.16", "a value of 1 MB", { x: MEGABYTE }, ["200", "413", "400i", "400r"]),
  meta("H158.17", "a reserved name", { "io.modelcontextprotocol/subscriptionId": "x" }, [
    "200",
    "400i",
  ]),
  ...numbered(
    "H159",
    [
      "create_organization",
      "<script>alert(1)</script>",
      "a\r\nSet-Cookie: x=y",
      "\u001b[31m",
      '"}\n{"level":"ERROR"}',
      "\u2028\u202E",
    ],
    (id, name) =>
      meta(id, `client named ${quoted(name)}`, { [CLIENT]: { name, version: "1" } }, "200"),
  ),
  ...numbered(
    "H159.10",
    [7, null, [], "x", {}, { name: 7, version: "1" }],
    (id, value) => meta(id, `clientInfo ${quoted(value)}`, { [CLIENT]: value }, ["400i", "200"]),
  ),
  meta("H159.20", "a client's name of 1 MB", { [CLIENT]: { name: MEGABYTE, version: "1" } }, [
    "200",
    "413",
    "400i",
    "400r",
  ]),
  ...numbered(
    "H160",
    [
      "x",
      "00-0-0-0",
      "00-00000000000000000000000000000000-0000000000000000-00",
      "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "a\r\nb",
      "t".repeat(20_000),
      MEGABYTE,
    ],
    (id, value) =>
      meta(id, `traceparent ${quoted(value)}`, {
        traceparent: value,
        baggage: value,
        tracestate: value,
      }, "200"),
  ),
  ...numbered(
    "H160.10",
    [7, {}, []],
    (id, value) =>
      meta(id, `traceparent ${quoted(value)}`, { traceparent: value }, ["200", "400i"]),
  ),
  ...numbered(
    "H161",
    [{}, [], true, 1.5, null],
    (id, value) => meta(id, `progressToken ${quoted(value)}`, { progressToken: value }, "400i"),
  ),
  meta("H161.5", "progressToken of 1 MB", { progressToken: MEGABYTE }, ["400i", "413"]),
  meta("H161.6", "progressToken that is fine", { progressToken: "p" }, "200"),
];

const METHODS: readonly Case[] = [
  ...numbered(
    "H162",
    ["x", "../", "eyJhIjoxfQ==", MEGABYTE, ""],
    (id, cursor) =>
      modern(id, "tools/list", { cursor }, ["400i", "200i"], `cursor ${quoted(cursor)}`),
  ),
  ...numbered(
    "H162.5",
    [7, null, {}, []],
    (id, cursor) =>
      modern(id, "tools/list", { cursor }, ["400i", "200i"], `cursor ${quoted(cursor)}`),
  ),
  ...numbered(
    "H162.10",
    ["forged", "../../etc/passwd", "' OR 1=1--", "MTAw", "-1", "999999"],
    (id, pageToken) =>
      params(id, `pageToken ${quoted(pageToken)}`, { arguments: { pageToken } }, "isErr"),
  ),
  modern("H163", "initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "x", version: "1" },
  }, ["404r", "400r", "400i"]),
  ...numbered(
    "H163.1",
    ["9999-99-99", "", "2026-07-28", "x".repeat(1000)],
    (id, protocolVersion) =>
      legacy(id, `initialize of ${quoted(protocolVersion)}`, initialize({ protocolVersion }), [
        "200any",
        "400v",
        "400i",
      ]),
  ),
  legacy(
    "H163.5",
    "initialize with a client's name of 1 MB",
    initialize({ clientInfo: { name: MEGABYTE, version: "1" } }),
    ["200any", "413", "400i", "400r"],
  ),
  legacy(
    "H163.6",
    "initialize without params",
    { jsonrpc: "2.0", id: 1, method: "initialize" },
    "400i",
  ),
  ...numbered("H164", [
    "notifications/unknown",
    "notifications/cancelled",
    "notifications/initialized",
    "notifications/progress",
    "notifications/__proto__",
  ], (id, method) => ({
    id,
    name: `notification ${method}`,
    request: (context) =>
      modernDraft(context.target.host, context.token(), {
        jsonrpc: "2.0",
        method,
        params: { _meta: META, requestId: 1, progressToken: 1, progress: 1 },
      }),
    expect: ["202", "400i", "400m"],
  })),
  ...numbered(
    "H164.10",
    ["notifications/unknown", "notifications/cancelled", "notifications/initialized"],
    (id, method) =>
      legacy(id, `notification ${method} of 2025-11-25`, {
        jsonrpc: "2.0",
        method,
        params: { requestId: 1 },
      }, "202"),
  ),
  notified(
    "H164.20",
    "a call without an id runs nothing",
    (context) => context.valid({ scope: "org:write env:read" }),
  ),
  ...numbered(
    "H165",
    [
      "logging/setLevel",
      "ping",
      "resources/subscribe",
      "resources/unsubscribe",
      "sampling/createMessage",
      "roots/list",
      "elicitation/create",
    ],
    (id, method) =>
      modern(id, method, { level: "debug", uri: "file:///etc/passwd" }, ["404r", "400r"]),
  ),
  {
    id: "H166",
    name: "subscriptions/listen without a token",
    request: (context) =>
      without(
        modernDraft(context.target.host, "x", {
          jsonrpc: "2.0",
          id: 1,
          method: "subscriptions/listen",
          params: { _meta: META },
        }),
        "Authorization",
      ),
    expect: "401b",
  },
];

function initialize(changes: Record<string, unknown>) {
  return {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "x", version: "1" },
      ...changes,
    },
  };
}

/** A call that is a notification: nobody could learn of its result. */
function notified(id: string, name: string, make: (context: Context) => Draft): Case {
  return {
    id,
    name,
    request: (context) => {
      const draft = make(context);
      return withBody(draft, String(draft.body).replace('"id":1,', ""));
    },
    expect: ["202", "400r", "400i"],
  };
}

export const RPC: readonly Case[] = [...ENVELOPE, ...META_DATA, ...METHODS];
