import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import {
  createPipeline,
  legacyRequest,
  MODERN_META,
  modernBody,
  modernRequest,
  readAnswer,
  streamMessages,
} from "../support/pipeline.ts";
import type { Pipeline } from "../support/pipeline.ts";
import { LEGACY_REVISIONS } from "../../http/message.ts";

type Json = Record<string, unknown>;

async function withPipeline(work: (pipeline: Pipeline) => Promise<void>, options = {}) {
  const pipeline = await createPipeline(options);
  try {
    await work(pipeline);
  } finally {
    await pipeline.close();
  }
}

async function call(pipeline: Pipeline, name: string, input: unknown, era = "modern") {
  const token = await pipeline.issuer.token();
  const request = era === "modern"
    ? modernRequest(token, { body: modernBody(name, input) })
    : legacyRequest(token, "tools/call", { name, arguments: input });
  const response = await pipeline.handler(request, "127.0.0.1");
  return { response, answer: await readAnswer(response) };
}

async function list(pipeline: Pipeline, claims: Json, era = "modern") {
  const token = await pipeline.issuer.token({ claims });
  const request = era === "modern"
    ? modernRequest(token, {
      body: { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: MODERN_META } },
    })
    : legacyRequest(token, "tools/list", {});
  return (await readAnswer(await pipeline.handler(request, "::1")))["result"] as {
    tools: Json[];
    ttlMs?: number;
    cacheScope?: string;
  };
}

for (const era of ["modern", "legacy"]) {
  test(`mcp (${era}): a call returns structured content and the same as text`, () =>
    withPipeline(async (pipeline) => {
      const { response, answer } = await call(pipeline, "add", { a: 1, b: 2 }, era);
      const result = answer["result"] as Json;
      assertEquals(response.status, 200);
      assertEquals(result["structuredContent"], { value: 3 });
      assertEquals(result["content"], [{ type: "text", text: '{"value":3}' }]);
      assertFalse(result["isError"] === true);
      assertEquals(response.headers.get("mcp-session-id"), null);
      assertMatch(response.headers.get("cache-control")!, /^no-store/);
    }));

  test(`mcp (${era}): an unknown tool is only unknown, whatever its name (H180)`, () =>
    withPipeline(async (pipeline) => {
      for (const name of ["nope", "__proto__", "constructor", "toString", "Add", "add ", "аdd"]) {
        const ascii = /^[\x21-\x7E]+$/.test(name);
        const token = await pipeline.issuer.token();
        const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(name)));
        const request = era === "modern"
          ? modernRequest(token, {
            body: modernBody(name, {}),
            headers: { "mcp-name": ascii ? name : `=?base64?${encoded}?=` },
          })
          : legacyRequest(token, "tools/call", { name, arguments: {} });
        const answer = await readAnswer(await pipeline.handler(request, "127.0.0.1"));
        const error = answer["error"] as Json;
        assertEquals([error["code"], error["message"]], [-32602, "Unknown tool"], name);
        const { tool, reason } = pipeline.records.at(-1)!;
        assertEquals([tool!.name, reason], ["unknown", "unknown_tool"]);
      }
      assertEquals(pipeline.runs.size, 0);
    }));

  test(`mcp (${era}): bad arguments are an error result that says what is wrong (H184)`, () =>
    withPipeline(async (pipeline) => {
      const inputs = [{ a: "1", b: 2 }, { a: 1 }, { a: 1, b: 2, c: 3 }, {}];
      for (const input of inputs) {
        const { response, answer } = await call(pipeline, "add", input, era);
        const result = answer["result"] as { isError: boolean; content: { text: string }[] };
        assertEquals([response.status, result.isError], [200, true]);
        assertFalse("structuredContent" in result, "it would have to fit the output schema");
        const { error } = JSON.parse(result.content[0]!.text);
        assertEquals(error.code, "invalid_input");
        assert(error.details.problems.length > 0);
      }
      assertEquals(pipeline.runs.size, 0, "no tool ran");
      assertEquals(pipeline.records.at(-1)!.reason, "invalid_input");
    }));

  test(`mcp (${era}): the text of a handler's exception stays inside (H187)`, () =>
    withPipeline(async (pipeline) => {
      const { answer } = await call(pipeline, "explode", {}, era);
      const text = JSON.stringify(answer);
      assertFalse(text.includes("hunter2") || text.includes("postgres"));
      const result = answer["result"] as { content: { text: string }[] };
      const { error } = JSON.parse(result.content[0]!.text);
      assertEquals([error.code, error.message], ["internal", "Internal error"]);
      assertEquals(error.request_id, pipeline.records[0]!.request!.id);
      assertEquals(pipeline.records[0]!.reason, "unexpected");
      assertEquals(pipeline.unexpected.length, 1, "the log has the cause");
    }));

  test(`mcp (${era}): progress comes as a stream before the result`, () =>
    withPipeline(async (pipeline) => {
      const token = await pipeline.issuer.token();
      const request = era === "modern"
        ? modernRequest(token, { body: modernBody("count", { to: 3 }, { progressToken: "p" }) })
        : legacyRequest(token, "tools/call", {
          name: "count",
          arguments: { to: 3 },
          _meta: { progressToken: "p" },
        });
      const response = await pipeline.handler(request, "127.0.0.1");
      assertMatch(response.headers.get("content-type")!, /^text\/event-stream/);
      assertMatch(response.headers.get("cache-control")!, /no-store.*no-transform/);
      assertEquals(response.headers.get("x-accel-buffering"), "no");
      const messages = streamMessages(await response.text());
      const progress = messages.filter((message) => message["method"] === "notifications/progress")
        .map((message) => (message["params"] as Json)["progress"]);
      assertEquals(progress, [1, 2, 3]);
      assertEquals(
        (messages.at(-1)!["result"] as Json)["structuredContent"],
        { value: 3 },
      );
      assertEquals(pipeline.records.length, 1, "one record for the whole stream");
    }));

  test(`mcp (${era}): closing the stream aborts the handler (R79)`, () =>
    withPipeline(async (pipeline) => {
      const token = await pipeline.issuer.token();
      const request = era === "modern"
        ? modernRequest(token, { body: modernBody("wait", {}, { progressToken: "p" }) })
        : legacyRequest(token, "tools/call", {
          name: "wait",
          arguments: {},
          _meta: { progressToken: "p" },
        });
      const response = await pipeline.handler(request, "127.0.0.1");
      const reader = response.body!.getReader();
      await reader.read();
      await reader.cancel();
      await until(() => pipeline.records.length > 0);
      assertEquals(pipeline.runs.get("wait:aborted"), 1, "recorded after the tool has ended");
      assertEquals(pipeline.records.map(({ reason }) => reason), ["client_gone"]);
    }));
}

test("mcp: a stream ends with the token that opened it (R78, H089)", async () => {
  const started = Date.now();
  const time = { offset: 0 };
  const now = () => new Date(started + time.offset);
  await withPipeline(async (pipeline) => {
    const token = await pipeline.issuer.token({
      claims: { exp: Math.floor(now().getTime() / 1000) + 1 },
    });
    const request = modernRequest(token, { body: modernBody("wait", {}, { progressToken: "p" }) });
    const response = await pipeline.handler(request, "127.0.0.1");
    const text = await response.text();
    assertFalse(text.includes('"result"'));
    await until(() => pipeline.runs.get("wait:aborted") === 1);
  }, { now });
});

test("mcp: every revision is negotiated on the one endpoint (R93)", () =>
  withPipeline(async ({ handler, issuer }) => {
    for (const revision of [...LEGACY_REVISIONS, "2099-01-01"]) {
      const request = legacyRequest(await issuer.token(), "initialize", {
        protocolVersion: revision,
        capabilities: {},
        clientInfo: { name: "test", version: "1" },
      }, { headers: { "mcp-protocol-version": undefined } });
      const result = (await readAnswer(await handler(request, "::1")))["result"] as Json;
      assertEquals(result["protocolVersion"], revision === "2099-01-01" ? "2025-11-25" : revision);
      assertEquals(result["instructions"], "Call add.");
      const capabilities = result["capabilities"] as { tools: Json };
      assertEquals(capabilities.tools["listChanged"], false);
    }
    const discover = await readAnswer(
      await handler(
        modernRequest(await issuer.token(), {
          body: {
            jsonrpc: "2.0",
            id: 1,
            method: "server/discover",
            params: { _meta: MODERN_META },
          },
        }),
        "::1",
      ),
    );
    const result = discover["result"] as { capabilities: { extensions: Json }; cacheScope: string };
    assertEquals(
      result.capabilities.extensions["io.modelcontextprotocol/oauth-client-credentials"],
      {},
    );
    assertEquals(result.cacheScope, "public");
  }));

test("mcp: what the protocol refuses is recorded as such (R72, R73)", () =>
  withPipeline(async ({ handler, issuer, records }) => {
    const body = {
      jsonrpc: "2.0",
      id: 1,
      method: "tasks/get",
      params: { _meta: MODERN_META },
    };
    const unknown = await handler(modernRequest(await issuer.token(), { body }), "::1");
    assertEquals([unknown.status, records.at(-1)!.reason], [404, "protocol"]);
    const noMeta = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
    const incomplete = await handler(
      modernRequest(await issuer.token(), { body: noMeta }),
      "::1",
    );
    assertEquals([incomplete.status, records.at(-1)!.reason], [400, "params"]);
  }));

test("mcp: what the SDK refuses is told in our words, with the request's id (H158, H162, H163)", () =>
  withPipeline(async ({ handler, issuer, records, runs }) => {
    const token = await issuer.token();
    const modern = (method: string, params: Record<string, unknown>) =>
      modernRequest(token, {
        body: { jsonrpc: "2.0", id: 1, method, params: { _meta: MODERN_META, ...params } },
      });
    const requests = [
      modern("nope", {}),
      modern("tools/list", { cursor: 7 }),
      modern("tools/call", { name: "add", arguments: [] }),
      modern("tools/list", { _meta: { ...MODERN_META, progressToken: {} } }),
      modern("tasks/get", { taskId: "evil" }),
      legacyRequest(token, "nope", {}),
      legacyRequest(token, "initialize", { protocolVersion: 7 }),
      legacyRequest(token, "tools/list", { _meta: { "io.modelcontextprotocol/related-task": 7 } }),
    ];
    for (const request of requests) {
      const response = await handler(request, "::1");
      const { error } = await readAnswer(response) as {
        error: { message: string; data: Record<string, unknown> };
      };
      const record = records.at(-1)!;
      assertEquals(error.data, { request_id: record.request!.id });
      assertMatch(error.message, /^[A-Za-z-]+( [A-Za-z-]+)*(: [\w./ ,-]+)?$/);
      assertNotEquals(record.reason, "ok");
    }
    assertEquals(runs.size, 0);
  }));

test("mcp: a notification is accepted without an answer (R76)", () =>
  withPipeline(async ({ handler, issuer }) => {
    const body = { jsonrpc: "2.0", method: "notifications/initialized" };
    const response = await handler(
      legacyRequest(await issuer.token(), "", undefined, { body }),
      "::1",
    );
    assertEquals([response.status, await response.text()], [202, ""]);
  }));

test("mcp: a person sees every tool, a client sees those it may call (R57, R58, R60)", () =>
  withPipeline(async (pipeline) => {
    const names = (result: { tools: Json[] }) => result.tools.map((tool) => tool["name"]);
    const forPerson = await list(pipeline, {});
    assertEquals(names(forPerson), ["add", "count", "explode", "purge", "wait"]);
    assertEquals([forPerson.cacheScope, forPerson.ttlMs], ["private", 5_000]);
    const forClient = await list(pipeline, { sub: "client-1" });
    assertEquals(names(forClient), ["add", "count", "explode", "wait"]);
    assertEquals(await list(pipeline, { sub: "client-1" }), forClient, "the same each time");
    assertEquals(
      names(await list(pipeline, { sub: "client-1", scope: "org:write env:read" })),
      names(forPerson),
    );
    assertEquals(names(await list(pipeline, { sub: "client-1" }, "legacy")), names(forClient));
  }));

test("mcp: a tool is listed with its schemas, hints and scopes", () =>
  withPipeline(async (pipeline) => {
    const { tools } = await list(pipeline, {});
    const purge = tools.find((tool) => tool["name"] === "purge")!;
    const { properties, ...schema } = purge["inputSchema"] as Json;
    assertEquals(schema, { type: "object", additionalProperties: false });
    assertEquals(Object.keys(properties as Json), ["idempotencyKey"]);
    assertEquals(purge["annotations"], {
      title: "Probe",
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    });
    assertEquals(purge["_meta"], {
      securitySchemes: [{ type: "oauth2", scopes: ["org:write", "env:read"] }],
    });
  }));

test("mcp: two callers at once never see each other's answers (R87, H152)", () =>
  withPipeline(async (pipeline) => {
    const answers = await Promise.all(
      Array.from(
        { length: 40 },
        (_, turn) => call(pipeline, "add", { a: turn, b: 0 }, turn % 2 ? "modern" : "legacy"),
      ),
    );
    assertEquals(
      answers.map(({ answer }) =>
        ((answer["result"] as Json)["structuredContent"] as Json)["value"]
      ),
      Array.from({ length: 40 }, (_, turn) => turn),
    );
  }));

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("The condition did not come true");
}
