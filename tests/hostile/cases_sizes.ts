/** H-C: methods, and requests that are too large or too slow. */

import { Buffer } from "node:buffer";
import { added, BY_RUNTIME, numbered } from "./cases.ts";
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
import type { Case, Expectation } from "./suite.ts";
import { BODY_TIMEOUT_MS } from "./target.ts";

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

export const METHODS: readonly Case[] = [
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

export const SIZES: readonly Case[] = [
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
