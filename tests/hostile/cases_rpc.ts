/** H-E: what is no request of JSON-RPC, or more than one. */

import { numbered } from "./cases.ts";
import { withBody } from "./draft.ts";
import {
  legacy,
  MEGABYTE,
  message,
  modern,
  PARAMS,
  params,
  quoted,
  sent,
  VALID,
} from "./messages.ts";
import type { Case } from "./suite.ts";

export const ENVELOPE: readonly Case[] = [
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
