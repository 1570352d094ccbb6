import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { carrierOf, traceIdOf } from "../../telemetry/trace_context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

/** What is no trace context, however it is sent (H160). */
const MALFORMED = [
  "",
  "00",
  PARENT.toUpperCase(),
  `01-${TRACE}-00f067aa0ba902b7-01`,
  `ff-${TRACE}-00f067aa0ba902b7-01`,
  `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `${PARENT}-extra`,
  ` ${PARENT}`,
  `${PARENT}, ${PARENT}`,
  `${PARENT}${"x".repeat(1_000_000)}`,
];

test("carrierOf() takes the trace context of _meta, and the rest of _meta never (SEP-414)", () => {
  const sent = { traceparent: PARENT, tracestate: "a=1", baggage: "tier=gold" };
  assertEquals(carrierOf({ ...sent, progressToken: 1, authorization: "Bearer x" }), sent);
  assertEquals(carrierOf({ traceparent: PARENT }), { traceparent: PARENT });
});

test("carrierOf() ignores a malformed or over-long context (H160)", () => {
  for (const traceparent of [...MALFORMED, 1, null, {}, [PARENT], `${PARENT}\r\n`]) {
    assertEquals(carrierOf({ traceparent, tracestate: "a=1" }), undefined);
  }
  for (const meta of [undefined, null, "x", 1, []]) assertEquals(carrierOf(meta), undefined);
  for (const text of ["x".repeat(10_000), "a=1\r\nx: y", "a=\u202E", 1, null, ""]) {
    const carrier = carrierOf({ traceparent: PARENT, tracestate: text, baggage: text });
    assertEquals(carrier, { traceparent: PARENT });
  }
});

test("traceIdOf() names the trace that was sent, the message's before the request's", () => {
  const headers = new Headers({ traceparent: PARENT });
  assertEquals(traceIdOf(headers), TRACE);
  const other = "4bf92f3577b34da6a3ce929d0e0e4736";
  assertEquals(traceIdOf(headers, { traceparent: `00-${other}-00f067aa0ba902b7-00` }), other);
  assertEquals(traceIdOf(headers, { traceparent: "00-x" }), TRACE);
  assertEquals(traceIdOf(new Headers()), undefined);
});

test("traceIdOf() takes nothing from a malformed header (H160)", () => {
  for (
    const traceparent of MALFORMED.map((text) => text.trim()).filter((text) => text !== PARENT)
  ) {
    assertEquals(traceIdOf(new Headers({ traceparent })), undefined, traceparent.slice(0, 80));
  }
});
