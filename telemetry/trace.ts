/** Spans through the OpenTelemetry API, and nothing at all where nobody takes them. */

import { ProxyTracerProvider, trace } from "@opentelemetry/api";
import type { Attributes, Tracer } from "@opentelemetry/api";
import { clientTracingOf } from "./client_spans.ts";
import type { ClientTracing } from "./client_spans.ts";
import { fail, openSpans } from "./request_spans.ts";
import type { RequestSpans } from "./request_spans.ts";

export type { ClientTracing } from "./client_spans.ts";
export type { RequestSpans, Stage, TracedMessage } from "./request_spans.ts";
export { traceIdOf } from "./trace_context.ts";

const TRACER = "gatehouse";

/** Whether anybody has registered to take spans; a runtime and a preloaded SDK do so before this program starts. */
function tracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  const taken = !(provider instanceof ProxyTracerProvider) ||
    provider.getDelegateTracer(TRACER) !== undefined;
  return taken ? trace.getTracer(TRACER) : undefined;
}

/** Returns what starts the spans of a request, or undefined where nobody takes spans. */
export function requestTracing(): ((request: Request) => RequestSpans) | undefined {
  const spans = tracer();
  return spans && ((request) => openSpans(spans, request));
}

/** Returns what gives calls to other servers their spans, or undefined where nobody takes spans. */
export function clientTracing(): ClientTracing | undefined {
  const spans = tracer();
  return spans && clientTracingOf(spans);
}

/**
 * Calls a function in the context of a request's spans; without spans it is the call alone.
 *
 * Three arguments and no closure: this stands in the way of every request.
 */
export function inSpan<A, B, C, R>(
  spans: RequestSpans | undefined,
  work: (a: A, b: B, c: C) => R,
  a: A,
  b: B,
  c: C,
): R {
  return spans === undefined ? work(a, b, c) : spans.run(work, a, b, c);
}

/** Gives each call of a function a span of its own; returns the function itself where nobody takes spans. */
export function traced<Subject, Rest extends readonly unknown[], R>(
  describe: (subject: Subject) => { readonly name: string; readonly attributes: Attributes },
  work: (subject: Subject, ...rest: Rest) => Promise<R>,
): (subject: Subject, ...rest: Rest) => Promise<R> {
  const spans = tracer();
  if (spans === undefined) return work;
  return (subject, ...rest) => {
    const { name, attributes } = describe(subject);
    return spans.startActiveSpan(name, { attributes }, async (span) => {
      try {
        return await work(subject, ...rest);
      } catch (error) {
        fail(span, errorType(error));
        throw error;
      } finally {
        span.end();
      }
    });
  };
}

/** A tag of ours where the error has one; what a stranger's error says stays out. */
function errorType(error: unknown): string {
  const { name, reason } = (error ?? {}) as { readonly name?: unknown; readonly reason?: unknown };
  return name === "AppError" && typeof reason === "string" ? reason : "internal";
}
