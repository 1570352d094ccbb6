/** H-C: request lines and header lines that HTTP does not have, or has for something else. */

import { Buffer } from "node:buffer";
import { added, numbered } from "./cases.ts";
import { BROKEN, framed } from "./cases_framing.ts";
import { adding, replacing, withBody, withLine, without, written } from "./draft.ts";
import type { Draft } from "./draft.ts";
import type { Case, Expectation } from "./suite.ts";

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

export const SYNTAX: readonly Case[] = [
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

function line(id: string, text: string, expect: Expectation): Case {
  return framed(id, JSON.stringify(text).slice(0, 60), (draft) => withLine(draft, text), expect);
}

export const OVER_HTTP_VERSIONS: readonly Case[] = [
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

export const EXPECTING: readonly Case[] = [
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
