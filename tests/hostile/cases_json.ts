/** H-E: JSON that is none, too deep or too much. */

import { numbered } from "./cases.ts";
import { withBody, withBodyText } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

/** A valid request with another body. */
export function body(id: string, text: string, expect: Expectation, name = text): Case {
  return {
    id,
    name: JSON.stringify(name).slice(0, 60),
    request: (context) => withBody(context.valid(), text),
    expect,
  };
}

/** A valid request with a piece of its body replaced. */
export function piece(id: string, from: string, to: string, expect: Expectation, name = to): Case {
  return {
    id,
    name: name.slice(0, 70),
    request: (context) => withBodyText(context.valid(), from, to),
    expect,
  };
}

export const ARGUMENTS = '"arguments":{}';

export const ID = '"id":1';

export const SYNTAX: readonly Case[] = [
  ...numbered(
    "H143",
    [
      "",
      "{",
      "null",
      "true",
      "1",
      '"x"',
      "[]",
      "{}",
      " ",
      "\0",
      "}",
      "[{}",
      "{]",
      '{"jsonrpc":"2.0"',
    ],
    (id, text) =>
      body(id, text, ["null", "true", "1", '"x"', "[]", "{}"].includes(text) ? "400r" : "400p"),
  ),
  ...numbered("H144", [
    `${ID},"x":NaN`,
    `${ID},"x":Infinity`,
    `${ID},"x":-Infinity`,
    `${ID},"x":1,`,
    `${ID}/* */`,
    `${ID}//`,
    "'id':1",
    '"id":01',
    '"id":+1',
    '"id":.5',
    '"id":1.',
    '"id":0x1',
    '"id":"\0"',
    '"id":"\n"',
    '"id":"\\x41"',
    '"id":undefined',
    '"id":True',
    "id:1",
    '"id" 1',
    '"id":1 2',
    '"id":"\\u12"',
  ], (id, text) => piece(id, ID, text, "400p", JSON.stringify(text))),
  piece("H144.30", ARGUMENTS, '"arguments":{"pageSize":1e400}', ["isErr", "400p", "400r"]),
  piece("H144.31", ARGUMENTS, '"arguments":{"pageSize":-1e400}', ["isErr", "400p", "400r"]),
  piece("H144.32", ARGUMENTS, '"arguments":{"a\\u0000b":1}', ["isErr", "400p", "400r"]),
  piece("H144.33", ARGUMENTS, '"arguments":{"pageToken":"\\u0000"}', ["isErr", "400p", "400r"]),
  {
    id: "H144.34",
    name: "a second value behind the message",
    request: (context) => {
      const draft = context.valid();
      return withBody(draft, `${draft.body}${draft.body}`);
    },
    expect: "400p",
  },
  {
    id: "H144.35",
    name: "lines of JSON",
    request: (context) => {
      const draft = context.valid();
      return withBody(draft, `${draft.body}\n${draft.body}`);
    },
    expect: "400p",
  },
  body("H144.36", "<?xml version='1.0'?><x/>", "400p"),
  body("H144.37", "Content-Length: 2\r\n\r\n{}", "400p"),
  body("H144.38", "data: {}\n\n", "400p"),
];

const nested = (open: string, close: string, depth: number) =>
  open.repeat(depth) + close.repeat(depth);

const DEEP = [
  ["[", "]", 1000],
  ["[", "]", 100_000],
  ["[", "]", 1_000_000],
  ['{"a":', "}", 1000],
  ['{"a":', "}", 100_000],
  ['[{"a":', "}]", 100_000],
] as const;

export const DEPTH: readonly Case[] = [
  ...numbered(
    "H145",
    DEEP,
    (id, [open, close, depth]) =>
      body(
        id,
        open === "[" ? nested(open, close, depth) : `${open.repeat(depth)}1${close.repeat(depth)}`,
        "400r",
        `${open} ${depth} deep`,
      ),
  ),
  body("H145.6", "[".repeat(100_000), ["400p", "400r"], "[ 100 000 without an end"),
  body("H145.7", '{"a":'.repeat(100_000), ["400p", "400r"], "{ 100 000 without an end"),
  ...numbered(
    "H146",
    [65, 1000, 20_000, 100_000],
    (id, depth) =>
      piece(
        id,
        ARGUMENTS,
        `"arguments":{"x":${nested("[", "]", depth)}}`,
        "400r",
        `${depth} deep in an argument`,
      ),
  ),
  piece(
    "H146.4",
    ARGUMENTS,
    `"arguments":{"x":${nested("[", "]", 40)}}`,
    "isErr",
    "40 deep in an argument",
  ),
  piece(
    "H146.5",
    '"name":"hostile"',
    `"name":${nested("[", "]", 20_000)}`,
    "400r",
    "20 000 deep in _meta",
  ),
];

const list = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join();

export const VOLUME: readonly Case[] = [
  piece("H147", ARGUMENTS, `"arguments":{${list(300_000, (index) => `"k${index}":1`)}}`, [
    "413",
    "400r",
  ], "300 000 keys"),
  piece("H147.1", ARGUMENTS, `"arguments":{${list(1_000_000, (index) => `"k${index}":1`)}}`, [
    "413",
    "400r",
  ], "1 000 000 keys"),
  piece("H147.2", ARGUMENTS, `"arguments":{"pageToken":"${"a".repeat(4_000_000)}"}`, [
    "413",
    "400r",
    "isErr",
  ], "a string of 4 MB"),
  piece(
    "H147.3",
    ARGUMENTS,
    `"arguments":{"x":[${list(500_000, () => "1")}]}`,
    ["413", "400r"],
    "an array of 500 000",
  ),
  piece(
    "H147.4",
    ARGUMENTS,
    `"arguments":{"pageSize":${"9".repeat(100_000)}}`,
    ["413", "400r"],
    "a number of 100 000 digits",
  ),
  piece(
    "H147.5",
    ARGUMENTS,
    `"arguments":{"pageSize":0.${"9".repeat(100_000)}}`,
    ["413", "400r"],
    "a fraction of 100 000 digits",
  ),
  piece(
    "H147.6",
    ARGUMENTS,
    `"arguments":{"${"k".repeat(1_000_000)}":1}`,
    ["413", "400r", "isErr"],
    "a name of 1 MB",
  ),
  piece("H147.7", ARGUMENTS, `"arguments":{"pageToken":"${"\\u0061".repeat(600_000)}"}`, [
    "413",
    "400r",
    "isErr",
  ], "600 000 escapes"),
];
