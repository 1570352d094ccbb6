/** Sends exact bytes over a connection of its own and reads the answers: fetch() and node:http would put them right. */

import { Buffer } from "node:buffer";
import { connect } from "node:net";

export interface RawResponse {
  readonly status: number;
  readonly statusLine: string;
  /** In the order and the case that they came in. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** The values of a header, joined by a comma; undefined where it did not come. */
  header(name: string): string | undefined;
}

/** What became of a connection. */
export interface RawExchange {
  /** Complete answers; interim ones (1xx) are left out. */
  readonly responses: readonly RawResponse[];
  /** `answered`: as many as asked for. `closed`: the server closed before that. `waiting`: the time ran out. */
  readonly end: "answered" | "closed" | "waiting";
  /** Status codes of interim answers. */
  readonly interim: readonly number[];
  /** Every byte that came, as latin-1. */
  readonly received: string;
  readonly milliseconds: number;
}

/** Bytes, text in latin-1, or a pause in milliseconds. */
export type RawPart = string | Uint8Array | { readonly pause: number };

export interface RawOptions {
  readonly port: number;
  /** How many answers to wait for; default 1. */
  readonly responses?: number;
  /** Default 2 000. */
  readonly timeoutMs?: number;
  /** The first answer has a Content-Length but no body. */
  readonly head?: boolean;
}

/** Sends the parts one after the other and reads until all answers are there, the server closes or the time is up. */
export function exchange(parts: readonly RawPart[], options: RawOptions): Promise<RawExchange> {
  const { responses: wanted = 1, timeoutMs = 2000, head = false } = options;
  return new Promise((resolve) => {
    const startedAt = Date.now();
    const socket = connect({ port: options.port, host: "127.0.0.1", noDelay: true });
    const chunks: Uint8Array[] = [];
    const finish = (end: RawExchange["end"], parsed: Parsed) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ...parsed, end, milliseconds: Date.now() - startedAt });
    };
    const timer = setTimeout(() => finish("waiting", parseAll(chunks, false, head)), timeoutMs);
    socket.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      const parsed = parseAll(chunks, false, head);
      if (parsed.responses.length >= wanted) finish("answered", parsed);
    });
    // A server that refuses early resets what it has not read; the answer may have come all the same.
    socket.on("error", () => {});
    socket.on("close", () => {
      const parsed = parseAll(chunks, true, head);
      finish(parsed.responses.length >= wanted ? "answered" : "closed", parsed);
    });
    void send();

    async function send(): Promise<void> {
      for (const part of parts) {
        if (socket.destroyed) return;
        if (typeof part === "object" && "pause" in part) {
          await new Promise((resume) => setTimeout(resume, part.pause));
        } else if (!socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part)) {
          await new Promise<void>((resume) => {
            socket.once("drain", resume);
            socket.once("close", () => resume());
          });
        }
      }
    }
  });
}

interface Parsed {
  readonly responses: RawResponse[];
  readonly interim: number[];
  readonly received: string;
}

function parseAll(chunks: readonly Uint8Array[], closed: boolean, head: boolean): Parsed {
  const received = Buffer.concat(chunks).toString("latin1");
  const responses: RawResponse[] = [];
  const interim: number[] = [];
  let at = 0;
  while (at < received.length) {
    const parsed = parseOne(received, at, closed, head && responses.length === 0);
    if (parsed === undefined) break;
    at = parsed.end;
    if (parsed.response.status < 200) interim.push(parsed.response.status);
    else responses.push(parsed.response);
  }
  return { responses, interim, received };
}

function parseOne(
  text: string,
  start: number,
  closed: boolean,
  head: boolean,
): { response: RawResponse; end: number } | undefined {
  const endOfHead = text.indexOf("\r\n\r\n", start);
  if (endOfHead < 0) return undefined;
  const [statusLine = "", ...lines] = text.slice(start, endOfHead).split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const header = (name: string) => {
    const values = headers.filter(([other]) => other.toLowerCase() === name.toLowerCase());
    return values.length === 0 ? undefined : values.map(([, value]) => value).join(", ");
  };
  const status = Number(/^HTTP\/\d\.\d (\d{3})/.exec(statusLine)?.[1] ?? 0);
  const body = readBody(text, endOfHead + 4, { status, header, closed, head });
  if (body === undefined) return undefined;
  return {
    response: { status, statusLine, headers, header, body: fromUtf8(body.text) },
    end: body.end,
  };
}

function readBody(
  text: string,
  start: number,
  about: {
    status: number;
    header: (name: string) => string | undefined;
    closed: boolean;
    head: boolean;
  },
): { text: string; end: number } | undefined {
  const { status, header, closed, head } = about;
  if (head || status < 200 || status === 204 || status === 304) return { text: "", end: start };
  if (header("transfer-encoding")?.toLowerCase() === "chunked") return readChunks(text, start);
  const length = header("content-length");
  if (length === undefined) {
    return closed ? { text: text.slice(start), end: text.length } : undefined;
  }
  const end = start + Number(length);
  return end > text.length ? undefined : { text: text.slice(start, end), end };
}

function readChunks(text: string, start: number): { text: string; end: number } | undefined {
  let at = start;
  let body = "";
  for (;;) {
    const endOfSize = text.indexOf("\r\n", at);
    if (endOfSize < 0) return undefined;
    const size = Number.parseInt(text.slice(at, endOfSize), 16);
    const next = endOfSize + 2 + size + 2;
    if (Number.isNaN(size) || next > text.length) return undefined;
    if (size === 0) return { text: body, end: next };
    body += text.slice(endOfSize + 2, endOfSize + 2 + size);
    at = next;
  }
}

function fromUtf8(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
