/** Reads an HTTP/1.1 answer from the bytes that came, as they came (RFC 9112). */

import { Buffer } from "node:buffer";
import { lastMessage } from "./event_stream.ts";

export interface Answer {
  readonly status: number;
  /** In the order they came in, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The values of a header, joined by a comma; undefined where it did not come. */
  header(name: string): string | undefined;
  readonly body: string;
  /** Whether all of the body came, in time and within the bound. */
  readonly complete: boolean;
}

export interface ReadOptions {
  /** Nothing more will come. */
  readonly closed: boolean;
  /** The headers are enough: the body may be a stream without an end. */
  readonly headOnly: boolean;
}

/** `waiting`: more has to come. `alien`: this is no HTTP. */
export type Reading =
  | { readonly state: "waiting"; readonly partial?: Answer }
  | { readonly state: "alien" }
  | { readonly state: "done"; readonly answer: Answer };

const MAX_HEAD_BYTES = 64 * 1024;

/** Reads the first final answer; `received` is latin-1, a character a byte. */
export function readAnswer(received: string, options: ReadOptions): Reading {
  const sample = received.slice(0, 5);
  if (!"HTTP/".startsWith(sample)) return { state: "alien" };
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return received.length > MAX_HEAD_BYTES ? { state: "alien" } : { state: "waiting" };
  const [statusLine = "", ...lines] = received.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)( |$)/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) return { state: "alien" };
  const rest = received.slice(end + 4);
  if (status < 200) return readAnswer(rest, options);
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const header = (name: string) => {
    const values = headers.filter(([other]) => other === name).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(", ");
  };
  const bodyless = options.headOnly || status === 204 || status === 304;
  const { bytes, whole } = bodyless
    ? { bytes: "", whole: true }
    : readBody(rest, header, options.closed);
  const body = Buffer.from(bytes, "latin1").toString("utf8");
  // An event stream may stay open after the message that was asked for.
  const streamed = header("content-type")?.toLowerCase().startsWith("text/event-stream") ?? false;
  const complete = whole || (streamed && lastMessage(body) !== undefined);
  const answer: Answer = { status, headers, header, body, complete };
  return complete || options.closed
    ? { state: "done", answer }
    : { state: "waiting", partial: answer };
}

function readBody(
  rest: string,
  header: Answer["header"],
  closed: boolean,
): { bytes: string; whole: boolean } {
  if (header("transfer-encoding")?.toLowerCase().endsWith("chunked")) return readChunks(rest);
  const length = header("content-length");
  if (length === undefined) return { bytes: rest, whole: closed };
  const wanted = Number(length);
  return { bytes: rest.slice(0, wanted), whole: rest.length >= wanted };
}

function readChunks(rest: string): { bytes: string; whole: boolean } {
  let at = 0;
  const chunks: string[] = [];
  for (;;) {
    const end = rest.indexOf("\r\n", at);
    const size = Number.parseInt(rest.slice(at, end), 16);
    const whole = end >= 0 && size === 0;
    if (whole || end < 0 || !(size > 0)) return { bytes: chunks.join(""), whole };
    chunks.push(rest.slice(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
    if (at > rest.length) return { bytes: chunks.join(""), whole: false };
  }
}
