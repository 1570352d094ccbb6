/** The span of a call to another server, and the headers that carry its context there. */

import { context, createContextKey, propagation, SpanKind, trace } from "@opentelemetry/api";
import type { Tracer } from "@opentelemetry/api";
import { fail } from "./request_spans.ts";

/** A call as far as a span may tell of it: no path, no query. */
export interface TracedCall {
  /** The configured name of the other server. */
  readonly peer: string;
  readonly method: string;
  readonly server: { readonly address: string; readonly port: number };
}

/** Runs a call in a span of its own; what it is given are headers to send. */
export type ClientTracing = <Answer extends { readonly status: number }>(
  call: TracedCall,
  work: (headers: Readonly<Record<string, string>>) => Promise<Answer>,
  errorType: (error: unknown) => string,
) => Promise<Answer>;

/** By the name that @opentelemetry/core has for it. */
const SUPPRESSED = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
/** Without baggage: what a stranger put there is not ours to pass on. */
const SENT = ["traceparent", "tracestate"] as const;

export function clientTracingOf(spans: Tracer): ClientTracing {
  return async ({ peer, method, server }, work, errorType) => {
    const span = spans.startSpan(`${method} ${peer}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        "http.request.method": method,
        "server.address": server.address,
        "server.port": server.port,
        "gatehouse.upstream": peer,
      },
    });
    const active = trace.setSpan(context.active(), span);
    const carrier: Record<string, string> = {};
    propagation.inject(active, carrier);
    const headers = Object.fromEntries(
      SENT.flatMap((name) => carrier[name] === undefined ? [] : [[name, carrier[name]]]),
    );
    try {
      // Or the runtime's own instrumentation would put another span's context in the place of this one's.
      const answer = await context.with(
        active.setValue(SUPPRESSED, true),
        work,
        undefined,
        headers,
      );
      span.setAttribute("http.response.status_code", answer.status);
      if (answer.status >= 400) fail(span, String(answer.status));
      return answer;
    } catch (error) {
      fail(span, errorType(error));
      throw error;
    } finally {
      span.end();
    }
  };
}
