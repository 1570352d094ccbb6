/** H-C: where a request ends and the next one begins. */

import { numbered } from "./cases.ts";
import { Buffer } from "node:buffer";
import type { Context } from "./context.ts";
import { adding, chunk, replacing, withBody, withLine, without, written } from "./draft.ts";
import type { Draft } from "./draft.ts";
import type { Attack, Case, Expectation } from "./suite.ts";

/** What runtimes do with a request that breaks HTTP. */
export const BROKEN: Expectation = ["runtime:400", "closed"];

const CHUNKED = "Transfer-Encoding: chunked";

export function framed(
  id: string,
  name: string,
  change: (draft: Draft, context: Context) => Draft | Attack | Uint8Array,
  expect: Expectation = BROKEN,
): Case {
  return { id, name, request: (context) => change(context.valid(), context), expect };
}

const sizeOf = (draft: Draft) => Buffer.byteLength(draft.body as string);

/** A valid body in one chunk, with other framing bytes. */
function chunked(
  id: string,
  name: string,
  body: (text: string) => string,
  expect: Expectation = BROKEN,
): Case {
  return framed(
    id,
    name,
    (draft) => withBody(adding(draft, CHUNKED), body(String(draft.body))),
    expect,
  );
}

/** The length of the body in another notation. */
function length(id: string, write: (length: number) => string, expect: Expectation = BROKEN): Case {
  return framed(
    id,
    `Content-Length ${write(10)}`,
    (draft) => adding(draft, `Content-Length: ${write(sizeOf(draft))}`),
    expect,
  );
}

export const LENGTHS: readonly Case[] = [
  framed(
    "H099",
    "two lengths, the right one first",
    (draft) => adding(draft, `Content-Length: ${sizeOf(draft)}`, "Content-Length: 5"),
  ),
  framed(
    "H099.1",
    "two lengths, the right one last",
    (draft) => adding(draft, "Content-Length: 5", `Content-Length: ${sizeOf(draft)}`),
  ),
  framed(
    "H100",
    "a length and chunks",
    (draft) =>
      withBody(
        adding(draft, `Content-Length: ${sizeOf(draft)}`, CHUNKED),
        chunk(String(draft.body)) + chunk(""),
      ),
  ),
  framed(
    "H100.1",
    "chunks and a length",
    (draft) =>
      withBody(adding(draft, CHUNKED, "Content-Length: 5"), chunk(String(draft.body)) + chunk("")),
  ),
  ...numbered(
    "H101",
    [
      "xchunked",
      "chunked, identity",
      "identity, chunked",
      "chunked, chunked",
      "\x0bchunked",
      "Chunked;q=1",
      "gzip",
      "identity",
      "gzip, chunked",
      '"chunked"',
      "chunked,",
      "chu nked",
      "",
    ],
    (id, value) =>
      framed(id, `Transfer-Encoding: ${JSON.stringify(value)}`, (draft) =>
        withBody(
          adding(draft, `Transfer-Encoding: ${value}`),
          chunk(String(draft.body)) + chunk(""),
        ), ["400b", "runtime:400", "runtime:501", "closed"]),
  ),
  framed(
    "H101.20",
    "two Transfer-Encoding lines",
    (draft) => withBody(adding(draft, CHUNKED, CHUNKED), chunk(String(draft.body)) + chunk("")),
  ),
  framed(
    "H101.21",
    "Transfer-Encoding twice, the second unknown",
    (draft) =>
      withBody(
        adding(draft, CHUNKED, "Transfer-Encoding: x"),
        chunk(String(draft.body)) + chunk(""),
      ),
  ),
  framed(
    "H101.22",
    "Transfer_Encoding",
    (draft) =>
      withBody(adding(draft, "Transfer_Encoding: chunked"), chunk(String(draft.body)) + chunk("")),
    ["400p", "runtime:400", "closed"],
  ),
  framed(
    "H101.23",
    "chunked in HTTP/1.0",
    (draft) =>
      withLine(
        withBody(adding(draft, CHUNKED), chunk(String(draft.body)) + chunk("")),
        "POST /mcp HTTP/1.0",
      ),
    ["runtime:400", "runtime:505", "closed"],
  ),
  length("H102", () => "-1"),
  length("H102.1", (size) => `+${size}`),
  length("H102.2", (size) => `0x${size.toString(16)}`),
  length("H102.3", () => "1e3"),
  length("H102.4", (size) => `${size},${size}`),
  length("H102.5", (size) => `${size}, 5`),
  length("H102.6", () => String(2n ** 64n), ["runtime:400", "413", "closed"]),
  length("H102.7", () => String(2n ** 63n), ["runtime:400", "413", "closed"]),
  length("H102.8", (size) => `${size} 1`),
  length("H102.9", (size) => `${size};`),
  length("H102.10", () => "", ["runtime:400", "400p", "closed"]),
  length("H102.11", (size) => `"${size}"`),
  length("H102.12", (size) => `${size}.0`),
  length("H102.13", (size) => `0${size}`, ["200", "runtime:400", "closed"]),
  chunked(
    "H103",
    "a chunk of FFFFFFFFFFFFFFFF",
    (text) => `FFFFFFFFFFFFFFFF\r\n${text}\r\n0\r\n\r\n`,
    ["runtime:400", "400b", "closed", "408"],
  ),
  chunked(
    "H103.1",
    "a chunk of 2^64 and its size",
    (text) => `1${text.length.toString(16).padStart(16, "0")}\r\n${text}\r\n0\r\n\r\n`,
    ["runtime:400", "400b", "closed", "408"],
  ),
  chunked(
    "H103.2",
    "a chunk of negative size",
    (text) => `-${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    ["runtime:400", "400b", "closed"],
  ),
  chunked(
    "H103.3",
    "a chunk size of 0x",
    (text) => `0x${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
    ["runtime:400", "400b", "closed"],
  ),
  chunked(
    "H103.4",
    "a chunk with an extension of 1 MB",
    (text) => `${text.length.toString(16)};a=${"x".repeat(1_000_000)}\r\n${text}\r\n0\r\n\r\n`,
    ["runtime:400", "runtime:413", "400b", "413", "408", "closed"],
  ),
  chunked(
    "H103.5",
    "chunks with bare LF",
    (text) => `${text.length.toString(16)}\n${text}\n0\n\n`,
    ["runtime:400", "400b", "408", "closed"],
  ),
  chunked("H103.6", "no last chunk", (text) => chunk(text), "408"),
  chunked("H103.7", "a chunk longer than its size", (text) => `5\r\n${text}\r\n0\r\n\r\n`, [
    "runtime:400",
    "400b",
    "closed",
  ]),
  chunked("H103.8", "a chunk without a size", (text) => `\r\n${text}\r\n0\r\n\r\n`, [
    "runtime:400",
    "400b",
    "closed",
  ]),
  {
    ...chunked(
      "H103.9",
      "a chunk size with a space in front",
      (text) => ` ${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`,
      ["runtime:400", "400b", "closed"],
    ),
    except: {
      deno: {
        expect: "200",
        why: "Deno skips white space around a chunk's size; the size is the same to all",
      },
    },
  },
  chunked(
    "H103.10",
    "ordinary chunks",
    (text) => chunk(text.slice(0, 9)) + chunk(text.slice(9)) + chunk(""),
    "200",
  ),
];

/** The second request hides in the body of the first, whose length ends before it. */
function smuggled(
  id: string,
  name: string,
  second: (context: Context) => Draft,
  expect: Expectation,
  except: NonNullable<Case["except"]>,
): Case {
  return {
    id,
    name,
    except,
    request(context) {
      const first = context.valid();
      return withBody(
        adding(first, `Content-Length: ${sizeOf(first)}`),
        Buffer.concat([Buffer.from(first.body as string), written(second(context))]),
      );
    },
    expect,
  };
}

const PIPELINE = {
  bun: {
    expect: ["closed", "waiting"],
    why: "Bun closes a connection on which a second request comes before the first one is answered",
  },
} as const;

export const PIPELINED: readonly Case[] = [
  smuggled(
    "H106",
    "a second request without a token",
    (context) => without(context.valid(), "Authorization"),
    { each: ["200", "401b"] },
    PIPELINE,
  ),
  smuggled(
    "H106.1",
    "a second request to another host",
    (context) => replacing(context.valid(), "Host", "Host: evil.example"),
    { each: ["200", "403o"] },
    PIPELINE,
  ),
  {
    id: "H106.4",
    name: "a second request without a token once the first is answered",
    request: (context) => ({
      parts: [
        written(context.valid()),
        { pause: 150 },
        written(without(context.valid(), "Authorization")),
      ],
    }),
    expect: { each: ["200", "401b"] },
  },
  {
    id: "H106.2",
    name: "a length that ends inside the message",
    request: (context) => adding(context.valid(), "Content-Length: 20"),
    expect: {
      each: [["400p", "runtime:400"], ["runtime:400", "runtime:505", "closed", "waiting"]],
    },
  },
  {
    id: "H106.3",
    name: "a refused body is not read as a request",
    request(context) {
      const hidden = written(context.valid());
      return withBody(without(context.valid(), "Authorization"), hidden);
    },
    expect: "401b",
  },
];
