import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import type { Context, SpanContext, SpanOptions } from "@opentelemetry/api";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { requestTracing } from "../../telemetry/trace.ts";
import { createPipeline, MODERN_META, modernBody, modernRequest } from "../support/pipeline.ts";

interface Seen {
  name: string;
  readonly kind: SpanKind | undefined;
  readonly parent: string | undefined;
  readonly id: string;
  readonly attributes: Record<string, unknown>;
  ended: number;
}

/** A taker of spans without a context manager and without spans of a runtime: what an SDK is on Bun. */
async function withSpans(work: (seen: readonly Seen[]) => Promise<void>): Promise<void> {
  const seen: Seen[] = [];
  const startSpan = (name: string, options: SpanOptions, context: Context) => {
    const parent = trace.getSpanContext(context);
    const id = String(seen.length + 1).padStart(16, "0");
    const own: SpanContext = {
      traceId: parent?.traceId ?? id.repeat(2),
      spanId: id,
      traceFlags: 1,
    };
    const one: Seen = {
      name,
      kind: options.kind,
      parent: parent?.spanId,
      id,
      attributes: { ...options.attributes },
      ended: 0,
    };
    seen.push(one);
    const span = {
      spanContext: () => own,
      isRecording: () => true,
      setAttribute(key: string, value: unknown) {
        one.attributes[key] = value;
        return span;
      },
      setStatus: () => span,
      updateName(next: string) {
        one.name = next;
        return span;
      },
      end: () => void (one.ended += 1),
    };
    return span;
  };
  const startActiveSpan = (name: string, options: SpanOptions, run: (span: unknown) => unknown) =>
    run(startSpan(name, options, ROOT_CONTEXT));
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan }) } as never);
  try {
    await work(seen);
  } finally {
    trace.disable();
  }
}

test("where the runtime makes no span of the HTTP request, one of ours holds the stages", () =>
  withSpans(async (seen) => {
    assert(requestTracing() !== undefined);
    const pipeline = await createPipeline();
    try {
      const token = await pipeline.issuer.token();
      const answer = await pipeline.handler(modernRequest(token), "::1");
      assertEquals(pipeline.records[0]?.reason, "ok");
      await answer.body?.cancel();
      await pipeline.handler(
        modernRequest(token, { path: "/secret?access_token=x", method: "PUT", body: {} }),
        "::1",
      );
    } finally {
      await pipeline.close();
    }
    const [http, ...rest] = seen.filter(({ name }) => name !== "handle add");
    assertEquals([http?.name, http?.kind, http?.parent], ["POST /mcp", SpanKind.SERVER, undefined]);
    assertEquals(http?.attributes, {
      "http.request.method": "POST",
      "http.route": "/mcp",
      "http.response.status_code": 200,
    });
    const stages = ["admit", "authenticate", "parse", "tools/call add", "authorize", "dispatch"];
    assertEquals(rest.slice(0, 6).map(({ name }) => name), stages);
    assert(rest.slice(0, 6).every(({ parent }) => parent === http?.id));
    const [unknown, admit] = rest.slice(6);
    assertEquals([unknown?.name, admit?.name], ["HTTP", "admit"]);
    assertEquals(unknown?.attributes, {
      "http.request.method": "_OTHER",
      "http.response.status_code": 404,
      "error.type": "not_found",
    });
    assert(seen.every(({ ended }) => ended === 1), "each span ends once");
  }));

test("a read is named by its resource, a prompt by its name, and nothing by what a stranger writes (H234)", () =>
  withSpans(async (seen) => {
    const pipeline = await createPipeline();
    try {
      const token = await pipeline.issuer.token({ claims: { scope: "env:read org:write" } });
      const send = async (method: string, params: Record<string, unknown>) => {
        const body = { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: MODERN_META } };
        const answer = await pipeline.handler(modernRequest(token, { body }), "::1");
        await answer.body?.cancel();
        return seen.findLast(({ kind, name }) => kind === SpanKind.SERVER && name !== "POST /mcp")!;
      };
      const known = await send("resources/read", { uri: "environment://env_1" });
      assertEquals(known.name, "resources/read environment");
      assertEquals(known.attributes["mcp.resource.uri"], "environment://env_1");
      const prompt = await send("prompts/get", { name: "onboard_customer" });
      assertEquals(prompt.name, "prompts/get onboard_customer");
      assertEquals(prompt.attributes["gen_ai.prompt.name"], "onboard_customer");
      const unknown = await send("resources/read", { uri: "file:///etc/passwd" });
      assertEquals(unknown.name, "resources/read");
      assert(!JSON.stringify(seen).includes("passwd"));
    } finally {
      await pipeline.close();
    }
  }));

test("the span of a streamed call ends with its stream", () =>
  withSpans(async (seen) => {
    const pipeline = await createPipeline();
    try {
      const body = modernBody("wait", {}, { progressToken: 1 });
      const request = modernRequest(await pipeline.issuer.token(), { body });
      const response = await pipeline.handler(request, "::1");
      const call = seen.find(({ name }) => name === "tools/call wait");
      assertEquals(call?.ended, 0);
      await response.body?.cancel();
      while (call?.ended === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      assertEquals(pipeline.runs.get("wait:aborted"), 1, "its tool has ended too");
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert(seen.every(({ ended }) => ended === 1));
    } finally {
      await pipeline.close();
    }
  }));
