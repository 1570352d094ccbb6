/** The spans of one request: its HTTP request, the stages that it passed, and its message. */

import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { Attributes, Context, Span, Tracer } from "@opentelemetry/api";
import { redact } from "./log.ts";
import { methodLabel } from "./methods.ts";
import { carrierOf } from "./trace_context.ts";

export type Stage = "admit" | "authenticate" | "parse" | "authorize" | "dispatch";

/** One message, as far as a span may tell of it: never its arguments. */
export interface TracedMessage {
  readonly method: string;
  readonly id: string | number | undefined;
  readonly revision: string | undefined;
  /** The registry's name of the tool, or `unknown`; undefined where none is called. */
  readonly tool: string | undefined;
  /** A declared resource, with a URI of ours where it is read. */
  readonly resource?: { readonly name: string; readonly uri: string | undefined };
  /** The declared name of a prompt. */
  readonly prompt?: string;
  readonly meta: unknown;
  /** The name under which the client reached us. */
  readonly server: { readonly address: string; readonly port: number };
}

/** How a request ended. */
export interface TracedEnd {
  readonly status: number;
  /** The tagged cause, `ok` where nothing was wrong. */
  readonly reason: string;
  /** The code of a JSON-RPC error. */
  readonly rpcCode: number | undefined;
}

export interface RequestSpans {
  /** Ends the stage before, and starts this one. */
  enter(stage: Stage): void;
  /** Names the route on the span of the HTTP request. */
  route(path: string): void;
  /** Starts the span of the MCP request, under the context in its `_meta` where there is one (SEP-414). */
  message(message: TracedMessage): void;
  /** Calls a function with the innermost span as the active one. */
  run<A, B, C, R>(work: (a: A, b: B, c: C) => R, a: A, b: B, c: C): R;
  /** Of the MCP request, or of the HTTP request before there is one. */
  readonly traceId: string;
  end(end: TracedEnd): void;
}

const HTTP_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "POST"]);
const MAX_ID_LENGTH = 64;

/** Starts with the span that the runtime's HTTP server made, or with one like it where the runtime makes none. */
export function openSpans(spans: Tracer, { method, headers }: Request): RequestSpans {
  const httpMethod = HTTP_METHODS.has(method) ? method : undefined;
  const given = trace.getSpan(context.active());
  const own = given === undefined ? startHttpSpan(spans, httpMethod, headers) : undefined;
  const http = given ?? own!;
  const ambient = trace.setSpan(context.active(), http);
  let current: Context = ambient;
  let stage: Span | undefined;
  let request: Span | undefined;

  return {
    enter(name) {
      stage?.end();
      stage = spans.startSpan(name, {}, ambient);
      if (request === undefined) current = trace.setSpan(ambient, stage);
    },
    route(path) {
      http.setAttribute("http.route", path);
      if (httpMethod !== undefined) http.updateName(`${httpMethod} ${path}`);
    },
    message(message) {
      const carrier = carrierOf(message.meta);
      const parent = carrier === undefined ? ambient : propagation.extract(ambient, carrier);
      request = spans.startSpan(nameOf(message), {
        kind: SpanKind.SERVER,
        attributes: attributesOf(message),
        links: parent === ambient ? [] : [{ context: http.spanContext() }],
      }, parent);
      current = trace.setSpan(parent, request);
    },
    run: (work, a, b, c) => context.with(current, work, undefined, a, b, c),
    get traceId() {
      return (request ?? http).spanContext().traceId;
    },
    end(end) {
      if (end.status >= 400 && stage) fail(stage, end.reason);
      stage?.end();
      if (request) endMessage(request, end);
      if (end.status >= 400) http.setAttribute("error.type", end.reason);
      own?.setAttribute("http.response.status_code", end.status).end();
    },
  };
}

/** Without address, path or query: what a stranger put there is not ours to pass on. */
function startHttpSpan(spans: Tracer, method: string | undefined, headers: Headers): Span {
  const sent = { traceparent: headers.get("traceparent"), tracestate: headers.get("tracestate") };
  const carrier = carrierOf(sent);
  return spans.startSpan(
    method ?? "HTTP",
    { kind: SpanKind.SERVER, attributes: { "http.request.method": method ?? "_OTHER" } },
    carrier === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, carrier),
  );
}

function nameOf({ method, tool, resource, prompt }: TracedMessage): string {
  const label = methodLabel(method);
  const name = tool ?? resource?.name ?? prompt;
  return name === undefined ? label : `${label} ${name}`;
}

/** OpenTelemetry's conventions for an MCP server; they were in development in 2026. */
function attributesOf(message: TracedMessage): Attributes {
  const { method, id, revision, tool, resource, prompt, server } = message;
  return {
    "mcp.method.name": methodLabel(method),
    ...(revision !== undefined && { "mcp.protocol.version": revision }),
    ...(id !== undefined && { "jsonrpc.request.id": redact(String(id)).slice(0, MAX_ID_LENGTH) }),
    ...(tool !== undefined &&
      { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool }),
    ...(resource?.uri !== undefined && { "mcp.resource.uri": resource.uri }),
    ...(prompt !== undefined && { "gen_ai.prompt.name": prompt }),
    "network.transport": "tcp",
    "network.protocol.name": "http",
    "server.address": server.address,
    "server.port": server.port,
  };
}

/** The conventions want the JSON-RPC code as the type of an error, and `tool_error` for a result that is one. */
function endMessage(request: Span, { status, reason, rpcCode }: TracedEnd): void {
  if (rpcCode !== undefined) request.setAttribute("rpc.response.status_code", String(rpcCode));
  if (reason !== "ok") {
    request.setAttribute("gatehouse.reason", reason);
    const type = rpcCode === undefined ? reason : String(rpcCode);
    fail(request, rpcCode === undefined && status < 400 ? "tool_error" : type);
  }
  request.end();
}

/** Marks a span as failed; the type is a word of ours, since spans leave the process. */
export function fail(span: Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
