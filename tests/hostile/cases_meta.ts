/** H-E: what a client says of itself and of its request, and methods that there are not. */

import { numbered } from "./cases.ts";
import type { Context } from "./context.ts";
import { META, modernDraft, withBody, without } from "./draft.ts";
import type { Draft } from "./draft.ts";
import { legacy, MEGABYTE, meta, modern, params, quoted } from "./messages.ts";
import type { Case } from "./suite.ts";

const VERSION = "io.modelcontextprotocol/protocolVersion";

const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

const CLIENT = "io.modelcontextprotocol/clientInfo";

export const META_DATA: readonly Case[] = [
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

export const METHODS: readonly Case[] = [
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
  ...numbered(
    "H166.1",
    [undefined, null, 7, [], "x", { toolsListChanged: 7 }],
    (id, filter) =>
      modern(
        id,
        "subscriptions/listen",
        { notifications: filter },
        ["400i", "200i"],
        `listen for ${quoted(filter)}`,
      ),
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
