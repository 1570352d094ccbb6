/** H-C, second part: where a request begins and ends, its line and its header lines. */

import { Buffer } from "node:buffer";
import { added, numbered } from "./cases.ts";
import type { Context } from "./context.ts";
import { adding, chunk, replacing, withBody, withLine, without, written } from "./draft.ts";
import type { Draft } from "./draft.ts";
import type { Attack, Case, Expectation } from "./suite.ts";

/** What runtimes do with a request that breaks HTTP. */
const BROKEN: Expectation = ["runtime:400", "closed"];
const CHUNKED = "Transfer-Encoding: chunked";

function framed(
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

function line(id: string, text: string, expect: Expectation): Case {
  return framed(id, JSON.stringify(text).slice(0, 60), (draft) => withLine(draft, text), expect);
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

const LENGTHS: readonly Case[] = [
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

/** Requests that end their lines with LF alone: the whole head, or one line. */
function bareLines(id: string, name: string, change: (head: string) => string): Case {
  return {
    ...framed(id, name, (draft) => {
      const text = Buffer.from(written(draft)).toString("latin1");
      const end = text.indexOf("\r\n\r\n") + 4;
      return Buffer.from(change(text.slice(0, end)) + text.slice(end), "latin1");
    }, ["runtime:400", "runtime:505", "closed"]),
    except: {
      deno: {
        expect: "200",
        why:
          "Deno takes LF for the end of a line (RFC 9112 section 2.2 allows it); a proxy should not pass it on",
      },
    },
  };
}

const SYNTAX: readonly Case[] = [
  bareLines("H104", "a head of bare LF", (head) => head.replaceAll("\r\n", "\n")),
  bareLines(
    "H104.1",
    "one header line with a bare LF",
    (head) => head.replace("\r\nAccept", "\nAccept"),
  ),
  framed(
    "H105",
    "a space before the colon",
    (draft) => replacing(draft, "Authorization", draft.headers[1]!.replace(":", " :")),
  ),
  framed(
    "H105.1",
    "a folded line",
    (draft) => replacing(draft, "Accept", "Accept: application/json,", " text/event-stream"),
  ),
  framed(
    "H105.2",
    "a folded Authorization",
    (draft) =>
      replacing(
        draft,
        "Authorization",
        "Authorization: Bearer",
        `\t${draft.headers[1]!.slice(22)}`,
      ),
  ),
  added("H105.3", "NUL in a value", ["X-A: a\0b"], BROKEN),
  added("H105.4", "a name with a parenthesis", ["X(A: a"], BROKEN),
  added("H105.5", "a name with a space", ["X A: a"], BROKEN),
  added("H105.6", "an empty name", [": a"], BROKEN),
  added("H105.7", "a line without a colon", ["X-A"], BROKEN),
  added("H105.8", "NUL in a name", ["X\0A: a"], BROKEN),
  added("H105.9", "a byte over 0x7F in a name", ["X\xE9A: a"], BROKEN),
  added("H105.10", "CR in a value", ["X-A: a\rX-B: b"], BROKEN),
  framed(
    "H105.11",
    "a space before the first header",
    (draft) => ({ ...draft, headers: [` ${draft.headers[0]}`, ...draft.headers.slice(1)] }),
  ),
  framed(
    "H105.12",
    "an empty line before the request",
    (draft) => withLine(draft, `\r\n${draft.line}`),
    ["200", "runtime:400", "closed"],
  ),
];

const OVER_HTTP_VERSIONS: readonly Case[] = [
  line("H107", "POST /mcp HTTP/1.0", ["200", "runtime:400", "runtime:505", "closed"]),
  line("H107.1", "POST /mcp HTTP/1.2", ["200", "runtime:400", "runtime:505", "closed"]),
  line("H107.2", "POST /mcp HTTP/9.9", ["runtime:400", "runtime:505", "closed"]),
  line("H107.3", "POST /mcp HTTP/2.0", ["runtime:400", "runtime:505", "closed"]),
  line("H107.4", "POST /mcp", ["runtime:400", "runtime:505", "closed"]),
  line("H107.5", "POST /mcp HTTX/1.1", ["runtime:400", "runtime:505", "closed"]),
  line("H107.6", "POST /mcp http/1.1", ["runtime:400", "runtime:505", "closed"]),
  line("H107.7", "POST  /mcp  HTTP/1.1", BROKEN),
  line("H107.8", "POST /m cp HTTP/1.1", ["runtime:400", "runtime:505", "closed"]),
  {
    id: "H107.9",
    name: "HTTP/0.9",
    request: () => Buffer.from("GET /mcp\r\n"),
    expect: ["runtime:400", "runtime:505", "closed", "waiting"],
  },
  {
    id: "H107.10",
    name: "HTTP/2 with prior knowledge",
    request: () => Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1"),
    expect: ["runtime:400", "runtime:505", "closed", "waiting"],
  },
  {
    id: "H107.11",
    name: "a TLS greeting",
    request: () => Buffer.from("160301002f0100002b0303", "hex"),
    expect: ["runtime:400", "runtime:505", "closed", "waiting"],
  },
];

const PROTOCOLS = ["websocket", "h2c", "TLS/1.3"];

function upgrading(draft: Draft, protocol: string): Draft {
  return adding(
    draft,
    "Connection: Upgrade",
    `Upgrade: ${protocol}`,
    "HTTP2-Settings: AAMAAABkAAQAAP__",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
  );
}

const EXPECTING: readonly Case[] = [
  {
    id: "H108",
    name: "Expect: 100-continue and no body",
    request: (context) => ({
      parts: [
        written(
          withBody(adding(context.valid(), "Expect: 100-continue", "Content-Length: 10"), ""),
        ),
      ],
    }),
    expect: ["408", "runtime:417"],
    verify: ({ answers, interim }) =>
      answers.length > 0 || interim.includes(100) ? undefined : "neither 100 nor an answer",
  },
  added("H108.1", "Expect: 100-continue with a body", ["Expect: 100-continue"], "200"),
  added("H108.2", "Expect: foo", ["Expect: foo"], ["200", "runtime:417", "runtime:400"]),
  {
    id: "H108.3",
    name: "Expect: 100-continue without a token",
    request: (context) => ({
      parts: [
        written(
          withBody(
            adding(
              without(context.valid(), "Authorization"),
              "Expect: 100-continue",
              "Content-Length: 1000000",
            ),
            "",
          ),
        ),
      ],
    }),
    expect: "401b",
  },
  ...numbered("H109", PROTOCOLS, (id, protocol) => ({
    id,
    name: `Upgrade: ${protocol} without a token`,
    request: (context) =>
      withBody(upgrading(without(context.valid(), "Authorization"), protocol), ""),
    expect: "401b",
  })),
  ...numbered("H109.10", PROTOCOLS, (id, protocol) => ({
    id,
    name: `Upgrade: ${protocol} with a body and without a token`,
    request: (context) => upgrading(without(context.valid(), "Authorization"), protocol),
    expect: "401b",
    except: {
      deno: {
        expect: "runtime:400",
        why: "Deno answers a request that asks to upgrade the connection and has a body itself",
      },
    },
  })),
  {
    id: "H109.3",
    name: "GET with Upgrade: websocket and a token",
    request: (context) =>
      withBody(
        withLine(
          adding(
            context.valid(),
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
          ),
          "GET /mcp HTTP/1.1",
        ),
        "",
      ),
    expect: "405",
  },
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

const PIPELINED: readonly Case[] = [
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

export const FRAMING: readonly Case[] = [
  ...LENGTHS,
  ...SYNTAX,
  ...PIPELINED,
  ...OVER_HTTP_VERSIONS,
  ...EXPECTING,
];
