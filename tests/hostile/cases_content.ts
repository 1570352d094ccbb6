/** H-C, first and last part: media type, encoding, methods, and sizes. */

import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { added, BY_RUNTIME, numbered, replaced } from "./cases.ts";
import {
  adding,
  chunk,
  replacing,
  withBody,
  withBodyText,
  withLine,
  without,
  written,
} from "./draft.ts";
import { BODY_TIMEOUT_MS } from "./target.ts";
import type { Case, Expectation } from "./suite.ts";

const type = (id: string, value: string, expect: Expectation = "415"): Case =>
  replaced(id, "Content-Type", [`Content-Type: ${value}`], expect);

const TYPES: readonly Case[] = [
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

const ENCODINGS: readonly Case[] = [
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

const NO_BODY = (method: string) => ["GET", "HEAD", "TRACE", "OPTIONS", "CONNECT"].includes(method);
const method = (id: string, name: string, expect: Expectation): Case => ({
  id,
  name: `method ${JSON.stringify(name).slice(0, 30)}`,
  request: (context) => {
    const draft = withLine(context.valid(), `${name} /mcp HTTP/1.1`);
    return NO_BODY(name) ? withBody(draft, "") : draft;
  },
  expect,
});

const METHODS: readonly Case[] = [
  ...numbered(
    "H110",
    ["post", "Post", "POSTX", "PUT", "PATCH", "PROPFIND", "QUERY", "M-SEARCH"],
    (id, name) => method(id, name, ["405", "runtime:400", "runtime:405", "closed"]),
  ),
  ...numbered("H110.10", ["TRACE", "TRACK"], (id, name) => ({
    ...method(id, name, ["405", "runtime:400", "runtime:405", "closed"]),
    verify: ({ received }) =>
      received.includes("list_environments") || received.includes("Mcp-Method")
        ? "it echoes"
        : undefined,
  })),
  method("H110.12", "CONNECT", ["405", "403o", "400a", "runtime:400", "runtime:405", "closed"]),
  ...numbered(
    "H110.13",
    ["POST\0", "PO ST", "", "P\xD6ST", "POST\t", "P(ST", "M".repeat(8192)],
    (id, name) =>
      method(id, name, [
        "405",
        "runtime:400",
        "runtime:405",
        "runtime:505",
        "runtime:431",
        "runtime:501",
        "closed",
      ]),
  ),
  ...numbered(
    "H111",
    [
      "X-HTTP-Method-Override: DELETE",
      "X-HTTP-Method: DELETE",
      "X-Method-Override: PUT",
      "X-HTTP-Method-Override: \x01",
    ],
    (id, header) =>
      added(
        id,
        header,
        [header],
        header.endsWith("\x01") ? ["200", "runtime:400", "closed"] : "200",
      ),
  ),
  {
    id: "H111.5",
    name: "_method in the query",
    request: (context) => withLine(context.valid(), "POST /mcp?_method=DELETE HTTP/1.1"),
    expect: "200",
  },
  {
    id: "H111.6",
    name: "GET that says it is a POST",
    request: (context) =>
      withBody(
        withLine(adding(context.valid(), "X-HTTP-Method-Override: POST"), "GET /mcp HTTP/1.1"),
        "",
      ),
    expect: "405",
  },
];

const MAX_BODY = 4 * 1024 * 1024;

const SIZES: readonly Case[] = [
  {
    ...added(
      "H112",
      "10 000 headers",
      Array.from({ length: 10_000 }, (_, index) => `X-${index}: a`),
      ["431"],
    ),
    except: BY_RUNTIME.headerOver64KiB,
  },
  added("H112.1", "95 headers", Array.from({ length: 95 }, (_, index) => `X-${index}: a`), "431"),
  {
    ...added("H112.2", "a header of 100 KB", [`X-A: ${"a".repeat(100_000)}`], "431"),
    except: BY_RUNTIME.headerOver64KiB,
  },
  {
    ...added("H112.3", "a header of 40 KB", [`X-A: ${"a".repeat(40_000)}`], "431"),
    except: { bun: BY_RUNTIME.headerOver64KiB.bun },
  },
  {
    id: "H112.4",
    name: "a URL of 1 MB",
    request: (context) => withLine(context.valid(), `POST /mcp?${"a".repeat(1_000_000)} HTTP/1.1`),
    expect: "414",
    except: BY_RUNTIME.headerOver64KiB,
  },
  {
    id: "H112.5",
    name: "a URL of 20 KB",
    request: (context) => withLine(context.valid(), `POST /mcp?${"a".repeat(20_000)} HTTP/1.1`),
    expect: "414",
    except: { bun: BY_RUNTIME.headerOver64KiB.bun },
  },
  {
    id: "H113",
    name: "a length over 4 MiB",
    request: (context) => ({
      parts: [written(withBody(adding(context.valid(), `Content-Length: ${MAX_BODY + 1}`), "{"))],
    }),
    expect: "413",
  },
  {
    id: "H113.1",
    name: "4 MiB and a byte with a length",
    request: (context) => withBody(context.valid(), " ".repeat(MAX_BODY + 1)),
    expect: "413",
  },
  {
    id: "H113.2",
    name: "4 MiB and a byte in chunks",
    request: (context) =>
      withBody(
        adding(context.valid(), "Transfer-Encoding: chunked"),
        chunk(" ".repeat(65_536)).repeat(64) + chunk(" ") + chunk(""),
      ),
    expect: "413",
  },
  {
    id: "H113.3",
    name: "chunks without an end",
    request: (context) => ({
      parts: [
        written(withBody(adding(context.valid(), "Transfer-Encoding: chunked"), "")),
        ...Array.from({ length: 100 }, () => chunk(" ".repeat(65_536))),
      ],
    }),
    expect: "413",
    except: {
      bun: {
        expect: ["413", "closed"],
        why: "Bun closes while the body still comes, and the reset may overtake the answer",
      },
    },
  },
  {
    id: "H113.4",
    name: "100 MB without a token",
    request: (context) => ({
      parts: [
        written(
          withBody(
            adding(without(context.valid(), "Authorization"), "Content-Length: 100000000"),
            "",
          ),
        ),
        " ".repeat(1_000_000),
      ],
    }),
    expect: ["413", "401b"],
  },
  {
    id: "H113.5",
    name: "a large body within the limit",
    request: (context) =>
      withBodyText(context.valid(), '"arguments":{}', `"arguments":{}${" ".repeat(1_000_000)}`),
    expect: "200",
  },
  {
    id: "H114",
    name: "10 bytes of 100, then nothing",
    request: (context) => withBody(adding(context.valid(), "Content-Length: 100"), "{         "),
    expect: "408",
    verify: ({ milliseconds }) => milliseconds >= BODY_TIMEOUT_MS - 50 ? undefined : "too early",
  },
  {
    id: "H114.1",
    name: "a byte at a time",
    request: (context) => ({
      parts: [
        written(withBody(adding(context.valid(), "Content-Length: 100"), "{")),
        ...Array.from({ length: 20 }, () => [" ", { pause: 40 }]).flat(),
      ],
    }),
    expect: "408",
  },
  {
    id: "H114.2",
    name: "a chunk of ten bytes, then nothing",
    request: (context) =>
      withBody(adding(context.valid(), "Transfer-Encoding: chunked"), chunk("{         ")),
    expect: "408",
  },
  {
    id: "H114.3",
    name: "10 bytes of 100, then the end",
    request: (context) =>
      withBody(
        replacing(
          adding(context.valid(), "Content-Length: 100"),
          "Accept",
          "Accept: */*",
          "Connection: close",
        ),
        "{         ",
      ),
    expect: ["408", "400b", "runtime:400", "closed"],
  },
  {
    id: "H115",
    name: "half a head, then nothing",
    request: (context) => Buffer.from(written(context.valid()).subarray(0, 60)),
    expect: ["waiting", "closed", "runtime:408", "runtime:400"],
  },
];

export const CONTENT: readonly Case[] = [...TYPES, ...ENCODINGS, ...METHODS, ...SIZES];
