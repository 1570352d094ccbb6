import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { LEGACY_REVISIONS, MODERN_REVISION } from "../../http/message.ts";
import { defineTool } from "../../tools/registry.ts";
import {
  createPipeline,
  legacyRequest,
  MODERN_META,
  modernBody,
  modernRequest,
  readAnswer,
} from "../support/pipeline.ts";
import type { CallChanges, Pipeline, PipelineOptions } from "../support/pipeline.ts";

type Json = Record<string, unknown>;
const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";
const REVISIONS = [...LEGACY_REVISIONS, MODERN_REVISION];

async function withPipeline(
  work: (pipeline: Pipeline) => Promise<void>,
  options: PipelineOptions = {},
): Promise<void> {
  const pipeline = await createPipeline(options);
  try {
    await work(pipeline);
  } finally {
    await pipeline.close();
  }
}

/** Sends a request of 2026-07-28 and returns status, error and id of the answer. */
async function send(pipeline: Pipeline, changes: CallChanges) {
  const token = await pipeline.issuer.token();
  const response = await pipeline.handler(modernRequest(token, changes), "::1");
  const answer = response.status === 202 ? {} : await readAnswer(response);
  const error = answer["error"] as { code: number; message: string; data?: Json } | undefined;
  return { response, answer, status: response.status, code: error?.code, error, id: answer["id"] };
}

/** A message of 2026-07-28 of any method. */
function message(method: string, params: Json = {}, meta: Json = MODERN_META): Json {
  return { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } };
}

test("message: a standard header that is missing or says something else is refused (R69, H173)", () =>
  withPipeline(async (pipeline) => {
    const wrong: Record<string, string | undefined>[] = [
      { "mcp-protocol-version": undefined },
      { "mcp-protocol-version": "2025-11-25" },
      { "mcp-protocol-version": "2026-07-28, 2026-07-28" },
      { "mcp-method": undefined },
      { "mcp-method": "" },
      { "mcp-method": "tools/list" },
      { "mcp-method": "Tools/Call" },
      { "mcp-method": "tools/call, tools/call" },
      { "mcp-name": undefined },
      { "mcp-name": "" },
      { "mcp-name": "purge" },
      { "mcp-name": "Add" },
      { "mcp-name": "add, add" },
      { "mcp-name": '"add"' },
      { "mcp-name": "%61dd" },
      { "mcp-name": "=?base64?cHVyZ2U=?=" },
      { "mcp-name": "=?base64?YWRk" },
      { "mcp-name": "=?base64?YWRk\u00a0?=" },
      { "mcp-name": "=?base64?YW Rk?=" },
      { "mcp-name": "=?base64?YWRl?=" },
      { "mcp-name": "=?base64?!!!!?=" },
      { "mcp-name": "=?BASE64?YWRk?=" },
      { "mcp-name": "=?base64?4p/?=" },
    ];
    for (const headers of wrong) {
      const { status, code, id } = await send(pipeline, {
        headers,
        body: { ...modernBody("add", { a: 1, b: 2 }), id: "the-id" },
      });
      assertEquals([status, code, id], [400, -32020, "the-id"], JSON.stringify(headers));
      // By us, before scopes are decided; the protocol side would notice only afterwards.
      assertEquals(pipeline.records.at(-1)!.reason, "header_mismatch", JSON.stringify(headers));
    }
    for (
      const [method, params] of [["prompts/get", { name: "x" }], ["resources/read", {
        uri: "x",
      }]] as const
    ) {
      for (const name of [undefined, "y"]) {
        const changes = { headers: { "mcp-name": name }, body: message(method, params) };
        assertEquals((await send(pipeline, changes)).code, -32020);
      }
    }
    assertEquals(pipeline.runs.size, 0);
    const right = [{}, { "mcp-name": " add\t" }, { "mcp-name": "=?base64?YWRk?=" }];
    for (const headers of right) assertEquals((await send(pipeline, { headers })).status, 200);
    assertEquals(pipeline.runs.get("add"), right.length);
  }));

test("message: a notification's headers must agree too, where they are there (R69)", () =>
  withPipeline(async (pipeline) => {
    const { id: _, ...body } = message("notifications/cancelled", { requestId: 1 });
    assertEquals((await send(pipeline, { body })).status, 202);
    const headers = { "mcp-method": "notifications/initialized" };
    assertEquals((await send(pipeline, { body, headers })).code, -32020);
  }));

test("message: a revision that is not spoken is answered with those of its era (R71)", () =>
  withPipeline(async (pipeline) => {
    for (const revision of ["2099-01-01", "1999-01-01", "draft", "x".repeat(1000)]) {
      const headers = { "mcp-protocol-version": revision };
      const enveloped = await send(pipeline, {
        headers,
        body: message("tools/list", {}, { ...MODERN_META, [VERSION_KEY]: revision }),
      });
      const bare = await send(pipeline, {
        headers,
        body: { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} },
      });
      // The conformance suite holds the first list against that of server/discover.
      const answers = [[enveloped, [MODERN_REVISION]], [bare, REVISIONS]] as const;
      for (const [{ status, code, error }, supported] of answers) {
        assertEquals([status, code], [400, -32022]);
        assertEquals(error!.data!["supported"], supported);
        assertEquals(error!.data!["requested"], revision.slice(0, 32));
        assertFalse(error!.message.includes(revision));
      }
    }
  }));

test("message: an envelope is for 2026-07-28 alone, and the answer says so (R71)", () =>
  withPipeline(async (pipeline) => {
    for (const revision of LEGACY_REVISIONS) {
      const { status, code, error } = await send(pipeline, {
        headers: { "mcp-protocol-version": revision },
        body: message("tools/list", {}, { ...MODERN_META, [VERSION_KEY]: revision }),
      });
      assertEquals([status, code], [400, -32022]);
      assertEquals(error!.data!["supported"], [MODERN_REVISION]);
    }
  }));

test("message: every revision that is named as spoken is (R71)", () =>
  withPipeline(async ({ handler, issuer }) => {
    for (const revision of REVISIONS) {
      const token = await issuer.token();
      const request = revision === MODERN_REVISION
        ? modernRequest(token, { body: message("tools/list") })
        : legacyRequest(token, "tools/list", {}, { headers: { "mcp-protocol-version": revision } });
      const { result } = await readAnswer(await handler(request, "::1")) as {
        result: { tools: unknown[] };
      };
      assertEquals(result.tools.length, 5, revision);
    }
  }));

test("message: a method that does not exist is not found, by HTTP too on 2026-07-28 (R72)", () =>
  withPipeline(async (pipeline) => {
    const methods = [
      "nope",
      "ping",
      "initialize",
      "tasks/list",
      "resources/subscribe",
      "logging/setLevel",
      "__proto__",
    ];
    for (const method of methods) {
      const { status, code, id } = await send(pipeline, { body: message(method) });
      assertEquals([status, code, id], [404, -32601, 1], method);
    }
    const token = await pipeline.issuer.token();
    for (
      const method of ["nope", "resources/subscribe", "subscriptions/listen", "server/discover"]
    ) {
      const response = await pipeline.handler(legacyRequest(token, method, {}), "::1");
      const { error } = await readAnswer(response) as { error: { code: number } };
      assertEquals([response.status, error.code], [200, -32601], method);
    }
  }));

test("message: a request without its envelope is refused by what is missing (R73)", () =>
  withPipeline(async (pipeline) => {
    const { [VERSION_KEY]: _, ...noVersion } = MODERN_META;
    const { "io.modelcontextprotocol/clientCapabilities": __, ...noCapabilities } = MODERN_META;
    const bodies = [
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} },
      message("tools/list", {}, {}),
      message("tools/list", {}, noVersion),
      message("tools/list", {}, noCapabilities),
      message("tools/call", { name: "add", arguments: { a: 1, b: 2 } }, noCapabilities),
    ];
    for (const body of bodies) {
      const { status, code, id } = await send(pipeline, { body });
      assertEquals([status, code, id], [400, -32602, 1], JSON.stringify(body));
    }
    assertEquals(pipeline.runs.size, 0);
  }));

test("message: anything but one request or notification is refused (R74, H143, H150, H155, H156)", () =>
  withPipeline(async (pipeline) => {
    const valid = modernBody("add", { a: 1, b: 2 });
    const bodies = [
      null,
      true,
      1,
      "x",
      [],
      [valid],
      [valid, valid],
      {},
      { jsonrpc: "2.0", id: 1, result: {} },
      { jsonrpc: "2.0", id: 1, error: { code: 1, message: "x" } },
      { ...valid, jsonrpc: "1.0" },
      { ...valid, jsonrpc: 2 },
      { ...valid, jsonrpc: undefined },
      { ...valid, method: 1 },
      { ...valid, method: "" },
      { ...valid, method: "x".repeat(129) },
      { ...valid, result: {} },
    ];
    for (const body of bodies) {
      const headers = { "mcp-method": "tools/call", "mcp-name": "add" };
      const rawBody = JSON.stringify(body);
      const { status, code } = await send(pipeline, { headers, rawBody });
      assertEquals([status, code], [400, -32600], rawBody);
      assertNotEquals(pipeline.records.at(-1)!.reason, "protocol", rawBody);
    }
    assertEquals(pipeline.runs.size, 0);
  }));

test("message: an id is a string or a whole number and comes back as it was (R75, H151)", () =>
  withPipeline(async (pipeline) => {
    const call = modernBody("add", { a: 1, b: 2 });
    for (const id of ["", "a", "x".repeat(256), 0, -1, Number.MAX_SAFE_INTEGER]) {
      const { status, answer } = await send(pipeline, { body: { ...call, id } });
      assertEquals([status, answer["id"]], [200, id]);
    }
    const ran = pipeline.runs.get("add");
    for (const id of [null, 1.5, 2 ** 53, true, {}, [1], "x".repeat(257)]) {
      const { status, code, answer } = await send(pipeline, { body: { ...call, id } });
      assertEquals([status, code, "id" in answer], [400, -32600, false], JSON.stringify(id));
    }
    assertEquals(pipeline.runs.get("add"), ran);
    const broken: [string, unknown][] = [
      ['{"jsonrpc":"2.0","id":', undefined],
      [JSON.stringify({ ...call, id: "readable", params: [] }), "readable"],
      [JSON.stringify({ ...call, id: 7, extra: 1 }), 7],
    ];
    for (const [rawBody, id] of broken) {
      const answer = await send(pipeline, { rawBody });
      assertEquals([answer.status, answer.id], [400, id]);
      assertFalse("id" in answer.answer && answer.answer["id"] === null);
    }
  }));

test("message: a notification gets 202 and nothing else, in both eras (R76)", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    const { id: _, ...modern } = message("notifications/cancelled", { requestId: 1 });
    const legacy = { jsonrpc: "2.0", method: "notifications/initialized" };
    const requests = [
      modernRequest(token, { body: modern }),
      legacyRequest(token, "", undefined, { body: legacy }),
    ];
    for (const request of requests) {
      const response = await handler(request, "::1");
      assertEquals([response.status, await response.text()], [202, ""]);
    }
  }));

test("message: a session or event id changes nothing and none is given out (R77)", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    const headers = { "mcp-session-id": "somebody-else's", "last-event-id": "7" };
    const initialize = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    };
    const requests = (headers: Record<string, string>) => [
      modernRequest(token, { headers }),
      legacyRequest(token, "tools/list", {}, { headers }),
      legacyRequest(token, "initialize", initialize, { headers }),
    ];
    const [plain, named] = [requests({}), requests(headers)];
    for (const [index, request] of named.entries()) {
      const response = await handler(request, "::1");
      assertEquals(response.status, 200);
      assertEquals(response.headers.get("mcp-session-id"), null);
      assertEquals(
        await readAnswer(response),
        await readAnswer(await handler(plain[index]!, "::1")),
      );
    }
  }));

test("message: what a client says of itself opens and closes nothing (R84)", () =>
  withPipeline(async (pipeline) => {
    const selves = [
      undefined,
      { name: "gatehouse command line", version: "1" },
      { name: "admin", version: "1", scopes: ["org:write", "env:read"], isAdmin: true },
      { name: "__proto__", version: "org:write env:read" },
    ];
    const seen = new Set<string>();
    for (const clientInfo of selves) {
      const meta = {
        ...MODERN_META,
        "io.modelcontextprotocol/clientInfo": clientInfo,
        "scope": "org:write env:read",
        "authorization": "Bearer x",
      };
      const list = await send(pipeline, { body: message("tools/list", {}, meta) });
      const refused = await send(pipeline, { body: modernBody("purge", {}, meta) });
      const { request_id: _, ...body } = refused.answer;
      assertEquals(refused.status, 403);
      seen.add(JSON.stringify([list.answer, body]));
    }
    assertEquals(seen.size, 1);
    assertEquals(pipeline.runs.size, 0);
  }));

test("message: callers at the same time each get their own answer under their own name (R87, H152)", () => {
  const whose = defineTool({
    name: "whose",
    title: "Whose",
    description: "Says who is calling, after a while in which others call with the same id.",
    effect: "read",
    scopes: ["org:read"],
    input: z.strictObject({}),
    output: z.object({ subject: z.string() }),
    async handle(_input, context) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
      return { subject: context.principal.subject };
    },
  });
  return withPipeline(async ({ handler, issuer }) => {
    const subjects = Array.from({ length: 40 }, (_, turn) => `user-${turn}`);
    const answers = await Promise.all(subjects.map(async (sub, turn) => {
      const token = await issuer.token({ claims: { sub } });
      const request = turn % 2
        ? modernRequest(token, { body: modernBody("whose", {}) })
        : legacyRequest(token, "tools/call", { name: "whose", arguments: {} });
      const answer = await readAnswer(await handler(request, "::1"));
      const { structuredContent } = answer["result"] as { structuredContent: { subject: string } };
      return structuredContent.subject;
    }));
    assertEquals(answers, subjects);
    assert(new Set(answers).size === subjects.length);
  }, { tools: [whose] });
});
