/** Trace context as it is sent: which of it is believed, and the id of the trace that a request is part of. */

import { trace } from "@opentelemetry/api";

/** W3C Trace Context section 3.2: version 00, ids that are not all zeros. */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
/** W3C Trace Context section 3.3.1.5 asks to carry at least so much; more of a stranger's text is not carried. */
const MAX_TRACESTATE = 512;
/** W3C Baggage section 3.3.2: a list of at most 8192 bytes. */
const MAX_BAGGAGE = 8192;
const PRINTABLE = /^[\x20-\x7E]*$/;

/** The members of `_meta` that carry a trace (SEP-414), in the words of the propagators. */
export interface Carrier {
  readonly traceparent: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

/** Returns the trace context of a message's `_meta`; undefined where there is none that is well-formed (H160). */
export function carrierOf(meta: unknown): Carrier | undefined {
  const { traceparent, tracestate, baggage } = (meta ?? {}) as Record<string, unknown>;
  if (typeof traceparent !== "string" || !TRACEPARENT.test(traceparent)) return undefined;
  return {
    traceparent,
    ...(isShort(tracestate, MAX_TRACESTATE) && { tracestate }),
    ...(isShort(baggage, MAX_BAGGAGE) && { baggage }),
  };
}

function isShort(value: unknown, length: number): value is string {
  return typeof value === "string" && value !== "" && value.length <= length &&
    PRINTABLE.test(value);
}

/**
 * Returns the trace id for a record about a request: that of the span that is active and recorded, else the one that
 * the message or the request was sent with.
 */
export function traceIdOf(headers: Headers, meta?: unknown): string | undefined {
  const active = trace.getActiveSpan();
  if (active?.isRecording()) return active.spanContext().traceId;
  const sent = carrierOf(meta)?.traceparent ?? headers.get("traceparent");
  return sent === null ? undefined : TRACEPARENT.exec(sent)?.[1];
}
