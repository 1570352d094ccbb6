/** What a handler may say in a request to an upstream, and what it gets to see of the answer. */

import { upstreamFailure } from "./failures.ts";

/** A request as a handler describes it. */
export interface UpstreamInit {
  /** Default `GET`, with a body `POST`. */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Credentials, cookies, hop-by-hop headers and trace context are the server's own and are refused here. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | URLSearchParams;
  /** Sent as JSON, in the place of `body`. */
  readonly json?: unknown;
  /** Aborts this request; the end of the call does so in any case. */
  readonly signal?: AbortSignal;
  /** How often to try again where the upstream is away, busy or fails, at most 3; for methods that are safe to repeat. */
  readonly retries?: number;
}

export interface PreparedRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly retries: number;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);
/** RFC 9110 section 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE"]);
const MAX_RETRIES = 3;
const MAX_HEADERS = 50;
const MAX_HEADER_LENGTH = 8192;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const HEADER_VALUE = /^[\x20-\x7e\t]*$/;
const OWN_HEADERS =
  /^(authorization|cookie2?|dpop|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|accept-encoding|forwarded|via|traceparent|tracestate|baggage|proxy-.*|x-forwarded-.*|x-real-ip)$/;
/** What a handler has no use for: cookies, challenges, and what is about the connection. */
const HIDDEN_HEADERS =
  /^(set-cookie2?|www-authenticate|authentication-info|connection|keep-alive|transfer-encoding|upgrade|trailer|proxy-.*)$/;

/**
 * Checks and completes a request.
 *
 * @throws {AppError} `internal` where a handler asks for what it may not; its cause says what.
 */
export function prepare(name: string, init: UpstreamInit = {}): PreparedRequest {
  const fault = (what: string) =>
    upstreamFailure(name, "upstream_bad_request", {
      cause: new Error(`A tool's request to the upstream ${name} ${what}`),
    });
  const hasBody = init.body !== undefined || init.json !== undefined;
  const method = init.method ?? (hasBody ? "POST" : "GET");
  if (!METHODS.has(method)) throw fault("has a method that is not offered");
  if (hasBody && (method === "GET" || method === "HEAD")) throw fault(`is ${method} with a body`);
  const headers: Record<string, string> = { accept: "application/json" };
  const given = Object.entries(init.headers ?? {});
  if (given.length > MAX_HEADERS) throw fault(`has more than ${MAX_HEADERS} headers`);
  for (const [spelling, value] of given) {
    const header = spelling.toLowerCase();
    if (!HEADER_NAME.test(header)) throw fault("has a header whose name is none");
    if (OWN_HEADERS.test(header)) throw fault(`sets ${header}, which is the server's own`);
    if (
      typeof value !== "string" || value.length > MAX_HEADER_LENGTH || !HEADER_VALUE.test(value)
    ) throw fault(`has no usable value for ${header}`);
    headers[header] = value;
  }
  const { bytes, type } = bodyOf(init);
  if (bytes && bytes.byteLength > MAX_BODY_BYTES) {
    throw fault(`has more than ${MAX_BODY_BYTES} bytes`);
  }
  if (type !== undefined) headers["content-type"] ??= type;
  const { retries = 0 } = init;
  if (!Number.isInteger(retries) || retries < 0 || retries > MAX_RETRIES) {
    throw fault(`asks for retries that are not 0 to ${MAX_RETRIES}`);
  }
  if (retries > 0 && !IDEMPOTENT.has(method)) {
    throw fault(`asks for retries of ${method}, which could do its work twice`);
  }
  return { method, headers, body: bytes, retries };
}

function bodyOf({ body, json }: UpstreamInit): { bytes: Uint8Array | undefined; type?: string } {
  const encode = (text: string) => new TextEncoder().encode(text);
  if (json !== undefined) return { bytes: encode(JSON.stringify(json)), type: "application/json" };
  if (body === undefined) return { bytes: undefined };
  if (body instanceof URLSearchParams) {
    return { bytes: encode(String(body)), type: "application/x-www-form-urlencoded" };
  }
  return typeof body === "string"
    ? { bytes: encode(body), type: "text/plain;charset=UTF-8" }
    : { bytes: body };
}

/** The headers of an answer that a handler sees. */
export function shownHeaders(
  headers: readonly (readonly [string, string])[],
): [string, string][] {
  return headers.filter(([name]) => !HIDDEN_HEADERS.test(name.toLowerCase()))
    .map(([name, value]) => [name, value]);
}
