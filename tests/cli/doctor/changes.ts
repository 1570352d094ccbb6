/** Small ways to spoil a request or an answer, from which faults are made. */

import { Buffer } from "node:buffer";
import type { Change } from "./scene.ts";

/** The request with headers replaced, or (undefined) removed. */
export function withHeaders(
  request: Request,
  changes: Readonly<Record<string, string | undefined>>,
): Request {
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return new Request(request, { headers });
}

/** Changes the headers of every answer. */
export function answersWith(
  changes: Readonly<Record<string, string | undefined>>,
  when: (request: Request) => boolean = () => true,
): Change {
  return async (request, next) => {
    const matches = when(request);
    const response = await next(request);
    if (!matches) return response;
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) headers.delete(name);
      else headers.set(name, value);
    }
    return new Response(response.body, { status: response.status, headers });
  };
}

/** Changes the challenge of every refusal. */
export function challengesWith(change: (challenge: string) => string): Change {
  return async (request, next) => {
    const response = await next(request);
    const challenge = response.headers.get("www-authenticate");
    if (challenge === null) return response;
    const headers = new Headers(response.headers);
    headers.set("www-authenticate", change(challenge));
    return new Response(response.body, { status: response.status, headers });
  };
}

// deno-lint-ignore no-explicit-any -- documents and messages of many shapes, which each fault knows
export type Loose = any;

/** Changes the metadata documents; `at` is the end of the path. */
export function metadataWith(change: (document: Loose) => Loose, at = ""): Change {
  return async (request, next) => {
    const response = await next(request);
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/.well-known/") || !pathname.endsWith(at)) return response;
    return rebuilt(response, change(await response.json()));
  };
}

/** Answers 404 on these paths. */
export function without(...paths: readonly string[]): Change {
  return (request, next) =>
    paths.includes(new URL(request.url).pathname)
      ? new Response("Not found", { status: 404 })
      : next(request);
}

/** Changes the JSON-RPC result of a method. */
export function resultOf(method: string, change: (result: Loose, token: string) => Loose): Change {
  return async (request, next) => {
    const isIt = request.headers.get("mcp-method") === method;
    const token = request.headers.get("authorization") ?? "";
    const response = await next(request);
    if (!isIt || response.status !== 200) return response;
    const message = await response.json();
    return rebuilt(response, { ...message, result: change(message.result, token) });
  };
}

function rebuilt(response: Response, value: unknown): Response {
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(JSON.stringify(value), { status: response.status, headers });
}

/** Answers requests of one kind with a response of its own. */
export function answering(
  when: (request: Request, body: string) => boolean,
  make: () => Response,
): Change {
  return async (request, next) => {
    const body = await request.clone().text();
    return when(request, body) ? make() : next(request);
  };
}

/** Sends another body and other headers on, where the request is of the kind. */
export function rewriting(
  when: (request: Request, body: string) => boolean,
  change: (body: string) => string,
  headers: Readonly<Record<string, string | undefined>> = {},
): Change {
  return async (request, next) => {
    if (request.method !== "POST") return next(request);
    const body = await request.text();
    const again = (text: string) =>
      new Request(request.url, { method: "POST", headers: request.headers, body: text });
    if (!when(request, body)) return next(again(body));
    return next(withHeaders(again(change(body)), { "content-length": undefined, ...headers }));
  };
}

/** Takes the tokens that fit for the valid one. */
export function believing(
  valid: () => string,
  fits: (token: Decoded, raw: string) => boolean,
): Change {
  return (request, next) => {
    const raw = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    const believed = raw !== "" && fits(decode(raw), raw);
    return next(
      believed ? withHeaders(request, { authorization: `Bearer ${valid()}` }) : request,
    );
  };
}

interface Decoded {
  readonly header: Loose;
  readonly claims: Loose;
}

function decode(token: string): Decoded {
  const [header, claims] = token.split(".").map((part) => {
    try {
      return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    } catch {
      return {};
    }
  });
  return { header: header ?? {}, claims: claims ?? {} };
}

export function rpcResult(result: unknown = {}): Response {
  return Response.json({ jsonrpc: "2.0", id: 1, result });
}

export function rpcError(code: number, status = 200): Response {
  return Response.json({ jsonrpc: "2.0", id: 1, error: { code, message: "No" } }, { status });
}
