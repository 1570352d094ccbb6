/** H-E: names that come twice, or reach a prototype. */

import { numbered } from "./cases.ts";
import { ARGUMENTS, body, ID, piece } from "./cases_json.ts";
import type { Case } from "./suite.ts";

export const TWICE: readonly Case[] = [
  ...numbered(
    "H148",
    [
      ['"method":"tools/call"', '"method":"tools/list","method":"tools/call"'],
      ['"method":"tools/call"', '"method":"tools/call","method":"tools/list"'],
      [ID, '"id":2,"id":1'],
      ['"params":{', '"params":{},"params":{'],
      ['"name":"list_environments"', '"name":"create_organization","name":"list_environments"'],
      ['"name":"list_environments"', '"name":"list_environments","name":"create_organization"'],
      [
        '"name":"list_environments"',
        '"n\\u0061me":"create_organization","name":"list_environments"',
      ],
      ['"jsonrpc":"2.0"', '"jsonrpc":"1.0","jsonrpc":"2.0"'],
      ['"_meta":{', '"_meta":{},"_meta":{'],
      [ARGUMENTS, '"arguments":{},"arguments":{"pageSize":1}'],
      [ARGUMENTS, '"arguments":{"pageSize":1,"pageSize":2}'],
      [ARGUMENTS, '"arguments":{"x":[{"a":1,"a":2}]}'],
      [ARGUMENTS, '"arguments":{"":1,"":2}'],
      [
        '"io.modelcontextprotocol/protocolVersion":"2026-07-28"',
        '"io.modelcontextprotocol/protocolVersion":"2025-11-25","io.modelcontextprotocol/protocolVersion":"2026-07-28"',
      ],
    ] as const,
    (id, [from, to]) => piece(id, from, to, "400r"),
  ),
];

const POLLUTION = [
  "__proto__",
  "constructor",
  "prototype",
  "\\u005f_proto__",
  "\\u0063onstructor",
  "__proto\\u005f_",
];

export const PROTOTYPES: readonly Case[] = [
  ...numbered(
    "H149",
    POLLUTION,
    (id, name) => piece(id, ID, `"id":1,"${name}":{"admin":true}`, "400r"),
  ),
  ...numbered(
    "H149.10",
    POLLUTION,
    (id, name) =>
      piece(id, ARGUMENTS, `"arguments":{},"${name}":{"admin":true}`, "400r", `${name} in params`),
  ),
  ...numbered(
    "H149.20",
    POLLUTION,
    (id, name) =>
      piece(
        id,
        ARGUMENTS,
        `"arguments":{"${name}":{"admin":true}}`,
        "400r",
        `${name} in arguments`,
      ),
  ),
  ...numbered(
    "H149.30",
    POLLUTION,
    (id, name) =>
      piece(
        id,
        '"name":"hostile"',
        `"${name}":{"admin":true},"name":"hostile"`,
        "400r",
        `${name} in _meta`,
      ),
  ),
  ...numbered(
    "H149.40",
    POLLUTION,
    (id, name) =>
      piece(
        id,
        ARGUMENTS,
        `"arguments":{"x":[{"y":{"${name}":{"admin":true}}}]}`,
        "400r",
        `${name} far inside`,
      ),
  ),
  ...numbered(
    "H149.50",
    ["__proto__", "constructor"],
    (id, name) => body(id, `{"${name}":{}}`, "400r"),
  ),
  ...numbered(
    "H149.60",
    [
      "__defineGetter__",
      "hasOwnProperty",
      "toString",
      "valueOf",
      "then",
      "toJSON",
      "__proto",
      "length",
    ],
    (id, name) =>
      piece(id, ARGUMENTS, `"arguments":{"${name}":1}`, ["isErr", "400r"], `${name} in arguments`),
  ),
];
