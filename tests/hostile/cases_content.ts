/** H-C: media type, content encoding and character encoding of a body. */

import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { added, numbered, replaced } from "./cases.ts";
import { adding, withBody } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

const type = (id: string, value: string, expect: Expectation = "415"): Case =>
  replaced(id, "Content-Type", [`Content-Type: ${value}`], expect);

export const TYPES: readonly Case[] = [
  replaced("H091", "Content-Type", [], "415"),
  type("H091.1", ""),
  ...numbered("H092", [
    "text/plain",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
    "*/*",
    "json",
  ], (id, value) => type(id, value)),
  ...numbered("H093", [
    "application/json-patch+json",
    "application/jsonx",
    "application/json, text/plain",
    "text/plain, application/json",
    "application/json, application/json",
    "application/json; x=1",
    "application/json/x",
    "application/json;",
    "application/ json",
    "application/vnd.api+json",
    "xapplication/json",
  ], (id, value) => type(id, value, value.endsWith(";") ? ["415", "200"] : "415")),
  replaced("H093.20", "Content-Type", [
    "Content-Type: application/json",
    "Content-Type: text/plain",
  ], "415"),
  replaced("H093.21", "Content-Type", [
    "Content-Type: text/plain",
    "Content-Type: application/json",
  ], "415"),
  replaced("H093.22", "Content-Type", [
    "Content-Type: application/json",
    "Content-Type: application/json",
  ], "415"),
  ...numbered("H094", [
    "utf-16",
    "iso-8859-1",
    "utf-7",
    "us-ascii",
    "utf-8, utf-16",
    "utf-8; charset=utf-16",
    "ucs-2",
    "'utf-8'",
  ], (id, charset) => type(id, `application/json; charset=${charset}`)),
  ...numbered("H095", [
    "application/json;charset=UTF-8",
    'application/json; charset="utf-8"',
    "APPLICATION/JSON",
    "application/json ; charset=utf-8",
    "Application/Json; Charset=Utf-8",
  ], (id, value) => type(id, value, "200")),
  ...numbered(
    "H096",
    ["gzip", "br", "deflate", "identity", "gzip, x", "x-gzip", "zstd", "", "GZIP"],
    (id, encoding) =>
      added(id, `Content-Encoding: ${encoding}`, [`Content-Encoding: ${encoding}`], "415"),
  ),
  {
    id: "H096.20",
    name: "a body that is gzip",
    request: (context) => {
      const draft = adding(context.valid(), "Content-Encoding: gzip");
      return withBody(draft, gzipSync(String(draft.body)));
    },
    expect: "415",
  },
  {
    id: "H096.21",
    name: "a gzip bomb",
    request: (context) =>
      withBody(
        adding(context.valid(), "Content-Encoding: gzip"),
        gzipSync(Buffer.alloc(10_000_000, " ")),
      ),
    expect: "415",
  },
];

const body = (
  id: string,
  name: string,
  change: (text: string) => string | Uint8Array,
  expect: Expectation,
): Case => ({
  id,
  name,
  request: (context) => {
    const draft = context.valid();
    return withBody(draft, change(String(draft.body)));
  },
  expect,
});

/** Puts bytes in the place of a word of the body. */
const bytesFor = (text: string, word: string, bytes: readonly number[]): Uint8Array => {
  const [before = "", after = ""] = text.split(word);
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
};

export const ENCODINGS: readonly Case[] = [
  body("H097", "a byte order mark", (text) => `\uFEFF${text}`, "400p"),
  body(
    "H097.1",
    "UTF-16 with a byte order mark",
    (text) => Buffer.from(`\uFEFF${text}`, "utf16le"),
    "400p",
  ),
  body("H097.2", "UTF-16 without one", (text) => Buffer.from(text, "utf16le"), "400p"),
  body(
    "H097.3",
    "UTF-32",
    (text) => Buffer.from([...text].flatMap((character) => [character.charCodeAt(0), 0, 0, 0])),
    "400p",
  ),
  body("H098", "a byte that no UTF-8 has", (text) => bytesFor(text, "hostile", [0xFF]), "400p"),
  body("H098.1", "an overlong slash", (text) => bytesFor(text, "hostile", [0xC0, 0xAF]), "400p"),
  body("H098.2", "an overlong NUL", (text) => bytesFor(text, "hostile", [0xC0, 0x80]), "400p"),
  body(
    "H098.3",
    "a surrogate in UTF-8",
    (text) => bytesFor(text, "hostile", [0xED, 0xA0, 0x80]),
    "400p",
  ),
  body("H098.4", "a sequence cut short", (text) => bytesFor(text, "hostile", [0xE2, 0x80]), "400p"),
  body(
    "H098.5",
    "beyond U+10FFFF",
    (text) => bytesFor(text, "hostile", [0xF4, 0x90, 0x80, 0x80]),
    "400p",
  ),
  body("H098.6", "latin-1", (text) => bytesFor(text, "hostile", [0xE9]), "400p"),
  body(
    "H098.7",
    "a lone surrogate in the tool name",
    (text) => text.replace('"list_environments"', '"list_environments\\ud800"'),
    ["400p", "isErr"],
  ),
  body(
    "H098.8",
    "a lone surrogate in an argument",
    (text) => text.replace('"arguments":{}', '"arguments":{"pageToken":"\\udfff"}'),
    ["400p", "isErr"],
  ),
  body(
    "H098.9",
    "a lone surrogate in an argument's name",
    (text) => text.replace('"arguments":{}', '"arguments":{"\\ud800":1}'),
    ["400p", "isErr"],
  ),
  body(
    "H098.10",
    "surrogates the wrong way round",
    (text) => text.replace('"hostile"', '"\\udc00\\ud800"'),
    "400p",
  ),
];
