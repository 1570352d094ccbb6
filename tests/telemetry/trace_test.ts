import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { inSpan, requestTracing, traced } from "../../telemetry/trace.ts";
import { startCollector } from "../support/collector.ts";
import type { CollectedSpan, Collector } from "../support/collector.ts";
import { MODERN_META, modernBody } from "../support/pipeline.ts";
import { needs, startProcess } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";
import { freePort, startIssuer } from "../support/server.ts";
import type { RunningIssuer } from "../support/server.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "00f067aa0ba902b7";
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
/** What a client may put where it does not belong, and no trace may pass on (H232). */
const CANARY = "canary-5d1f0c7e";

interface Scene {
  readonly server: RunningProcess;
  readonly issuer: RunningIssuer;
  readonly collector: Collector;
  call(body: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>;
  /** The spans of a trace, once there is one with the name. */
  traceWith(name: string, where?: (span: CollectedSpan) => boolean): Promise<CollectedSpan[]>;
}

/** The real program on Deno, which exports what it and its runtime trace. */
async function withTracedServer(work: (scene: Scene) => Promise<void>): Promise<void> {
  const collector = await startCollector();
  const issuer = await startIssuer("http://localhost:1/mcp");
  const server = await startProcess({
    runtime: "deno",
    env: {
      ...collector.env,
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
      GATEHOUSE_AUDIENCE: "http://localhost:1/mcp",
      GATEHOUSE_OPERATOR_PORT: String(await freePort()),
      GATEHOUSE_LOG_LEVEL: "debug",
    },
  });
  try {
    await work({
      server,
      issuer,
      collector,
      async call(body, headers = {}) {
        const response = await fetch(`${server.url}/mcp`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": String(body["method"]),
            "mcp-name": String((body["params"] as { name?: string }).name),
            "authorization": `Bearer ${await issuer.token()}`,
            ...headers,
          },
          body: JSON.stringify(body),
        });
        await response.arrayBuffer();
        return response;
      },
      async traceWith(name, where = () => true) {
        const deadline = Date.now() + 10_000;
        while (Date.now() < deadline) {
          const found = collector.spans.find((span) => span.name === name && where(span));
          // What belongs together does not have to come together.
          await new Promise((resolve) => setTimeout(resolve, 300));
          if (found) return collector.spans.filter(({ traceId }) => traceId === found.traceId);
        }
        throw new Error(`No span ${name} among ${collector.spans.map((span) => span.name)}`);
      },
    });
  } finally {
    await server.stop();
    await issuer.stop();
    await collector.stop();
  }
}

const named = (spans: readonly CollectedSpan[], name: string): CollectedSpan => {
  const found = spans.filter((span) => span.name === name);
  assertEquals(found.length, 1, `${name} among ${spans.map((span) => span.name)}`);
  return found[0]!;
};

test("tracing is off where nobody takes spans: the function itself, and no request spans", () => {
  const work = (subject: string) => Promise.resolve(subject);
  assert(traced(() => ({ name: "x", attributes: {} }), work) === work);
  assertEquals(requestTracing(), undefined);
  assertEquals(inSpan(undefined, (a, b, c) => [a, b, c], 1, 2, 3), [1, 2, 3]);
});

test(
  "a tool call is one trace: HTTP, the stages, the message, the handler",
  needs("deno"),
  () =>
    withTracedServer(async ({ call, traceWith }) => {
      const response = await call(modernBody("list_environments", { pageSize: 1 }));
      assertEquals(response.status, 200);
      const spans = await traceWith("tools/call list_environments");
      const http = named(spans, "POST /mcp");
      assertEquals([http.kind, http.attributes["http.route"]], [2, "/mcp"]);
      for (const stage of ["admit", "authenticate", "parse", "authorize", "dispatch"]) {
        assertEquals(named(spans, stage).parentSpanId, http.spanId, stage);
        assertFalse(named(spans, stage).failed);
      }
      const message = named(spans, "tools/call list_environments");
      assertEquals([message.parentSpanId, message.kind], [http.spanId, 2]);
      assertEquals(message.links, []);
      const { "server.port": port, ...attributes } = message.attributes;
      assert(Number(port) > 0);
      assertEquals(attributes, {
        "mcp.method.name": "tools/call",
        "mcp.protocol.version": "2026-07-28",
        "jsonrpc.request.id": "1",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "list_environments",
        "network.transport": "tcp",
        "network.protocol.name": "http",
        "server.address": "localhost",
      });
      const handler = named(spans, "handle list_environments");
      assertEquals([handler.parentSpanId, handler.kind], [message.spanId, 1]);
      // The issuer's keys were fetched for this call, and the fetch is where it was waited for.
      const keys = spans.find((span) => span.kind === 3);
      assertEquals(keys?.parentSpanId, named(spans, "authenticate").spanId);
    }),
);

test(
  "the context of _meta is the parent of the message, and the HTTP request a link (SEP-414)",
  needs("deno"),
  () =>
    withTracedServer(async ({ server, call, traceWith }) => {
      await call(modernBody("whoami", {}, { traceparent: TRACEPARENT, tracestate: "a=1" }));
      const spans = await traceWith("tools/call whoami");
      const message = named(spans, "tools/call whoami");
      assertEquals([message.traceId, message.parentSpanId], [TRACE, PARENT]);
      assertEquals(named(spans, "handle whoami").parentSpanId, message.spanId);
      const [link] = message.links;
      assert(link !== undefined && link.traceId !== TRACE);
      // The log names the trace in which the call is found.
      const line = server.stderr.split("\n").find((text) => text.includes('"whoami"'));
      assertEquals(JSON.parse(line!).traceId, TRACE);
    }),
);

test(
  "a context that is malformed or over-long is ignored (H160)",
  needs("deno"),
  () =>
    withTracedServer(async ({ call, traceWith }) => {
      const contexts = ["00-zz", `${TRACEPARENT}${"a".repeat(10_000)}`, `${TRACEPARENT}\r\nx: y`];
      for (const [id, traceparent] of contexts.entries()) {
        const body = { ...modernBody("whoami", {}, { traceparent }), id: `call-${id}` };
        assertEquals((await call(body)).status, 200);
        const spans = await traceWith(
          "tools/call whoami",
          (span) => span.attributes["jsonrpc.request.id"] === `call-${id}`,
        );
        const message = named(spans, "tools/call whoami");
        assertFalse(message.traceId === TRACE);
        assertEquals(message.parentSpanId, named(spans, "POST /mcp").spanId);
      }
      await call(modernBody("list_environments", {}), { traceparent: TRACEPARENT });
      const spans = await traceWith("tools/call list_environments");
      assertEquals(named(spans, "POST /mcp").parentSpanId, PARENT, "the header is the runtime's");
    }),
);

test(
  "a refusal and a failure say what was wrong, in our words",
  needs("deno"),
  () =>
    withTracedServer(async ({ call, traceWith }) => {
      assertEquals((await call(modernBody("create_organization", {}))).status, 403);
      const refused = await traceWith("tools/call create_organization");
      for (const name of ["POST /mcp", "authorize", "tools/call create_organization"]) {
        assertEquals(named(refused, name).attributes["error.type"], "insufficient_scope", name);
      }
      assertFalse(refused.some((span) => span.name.startsWith("handle ")));

      await call(modernBody("list_environments", { pageSize: -1 }));
      const failed = named(
        await traceWith("tools/call list_environments"),
        "tools/call list_environments",
      );
      assert(failed.failed);
      assertEquals(failed.attributes["error.type"], "tool_error");
      assertEquals(failed.attributes["gatehouse.reason"], "invalid_input");

      await call(modernBody(CANARY, {}));
      const unknown = named(await traceWith("tools/call unknown"), "tools/call unknown");
      assertEquals(unknown.attributes["error.type"], "-32602");
      assertEquals(unknown.attributes["rpc.response.status_code"], "-32602");
    }),
);

test(
  "no secret and no argument leaves the process, at any level of the log (H232)",
  needs("deno"),
  () =>
    withTracedServer(async ({ server, issuer, collector, call, traceWith }) => {
      const jti = `jti-${CANARY}`;
      const token = await issuer.token({ claims: { sub: `sub-${CANARY}`, jti } });
      const secret = { authorization: `Bearer ${token}`, cookie: `session=${CANARY}` };
      await call(modernBody("list_environments", { search: CANARY }), secret);
      const [header, payload, signature] = token.split(".") as [string, string, string];
      const part = payload.slice(0, 60);
      await call({ ...modernBody("whoami", {}), id: `${header}.${part}` }, secret);
      await call({ jsonrpc: "2.0", id: 2, method: CANARY, params: { _meta: MODERN_META } }, secret);
      await call(modernBody("whoami", {}), { authorization: `Bearer ${token}x` });
      await call(modernBody("whoami", {}), { authorization: `Bearer ${CANARY}` });
      await call(modernBody("whoami", {}), { dpop: CANARY, ...secret });
      await call(modernBody("whoami", {}, { baggage: CANARY, traceparent: CANARY }), secret);
      const operator = `http://127.0.0.1:${server.env["GATEHOUSE_OPERATOR_PORT"]}`;
      await (await fetch(`${operator}/metrics`, { headers: secret })).text();
      const spans = await traceWith("other");
      assertEquals(named(spans, "other").attributes["mcp.method.name"], "other");
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await server.stop();
      assert(collector.bodies.length > 3);
      assert(server.stderr.includes('"DEBUG"'));
      for (const body of collector.bodies) assertFalse(body.includes(CANARY), body.slice(0, 2000));
      const outputs = [...collector.bodies, server.stdout, server.stderr];
      for (const secret of [header, part, signature, jti]) {
        for (const output of outputs) assertFalse(output.includes(secret), secret);
      }
      // The log names whose call it was, the audit trail's business, and nothing that was sent with it.
      const log = server.stderr.replaceAll(`sub-${CANARY}`, "");
      assertFalse(log.includes(CANARY));
    }),
);
