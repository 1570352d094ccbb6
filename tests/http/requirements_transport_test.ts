import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { defineTool } from "../../tools/registry.ts";
import { limitsWith } from "../support/limits.ts";
import {
  createPipeline,
  legacyRequest,
  MODERN_META,
  modernBody,
  modernRequest,
  ORIGIN,
  PAGE_ORIGIN,
  readAnswer,
} from "../support/pipeline.ts";
import type { Pipeline, PipelineOptions } from "../support/pipeline.ts";

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

/** The status and error of a refusal, or the status and undefined. */
async function outcome(response: Response): Promise<[number, string | undefined]> {
  const text = await response.text();
  return [response.status, response.status >= 400 ? JSON.parse(text).error : undefined];
}

test("transport: no answer of the endpoint is stored, and old revisions get no caching members (R62)", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    const list = legacyRequest(token, "tools/list", {});
    const listed = await handler(list, "::1");
    assertMatch(listed.headers.get("cache-control")!, /\bno-store\b/);
    const { result } = await readAnswer(listed) as { result: Record<string, unknown> };
    assertFalse("cacheScope" in result || "ttlMs" in result);
    const requests = [
      modernRequest(token),
      modernRequest(token, { body: modernBody("purge", {}) }),
      modernRequest(token, { body: modernBody("count", { to: 2 }, { progressToken: "p" }) }),
      modernRequest(token, { method: "GET" }),
      modernRequest(token, {
        body: { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: MODERN_META } },
      }),
      modernRequest(token, { rawBody: "{" }),
      modernRequest(undefined),
      modernRequest("nonsense"),
      legacyRequest(token, "tools/call", { name: "add", arguments: { a: 1, b: 2 } }),
    ];
    for (const request of requests) {
      const response = await handler(request, "::1");
      await response.text();
      assertMatch(response.headers.get("cache-control")!, /\bno-store\b/);
    }
  }));

test("transport: an Origin that is not listed gets 403 and nothing to read, with a token or without (R63, H129-H132)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    const token = await issuer.token();
    const origins = [
      "null",
      "http://evil.example",
      "https://localhost:8000",
      "http://localhost",
      "http://localhost:9999",
      "http://LOCALHOST:8000",
      "http://localhost:8000/",
      "http://localhost:8000.evil.example",
      "http://localhost.evil.example:8000",
      "http://evil@localhost:8000",
      "http://localhost:8000, http://evil.example",
      "file://",
      "chrome-extension://x",
      "localhost:8000",
      "*",
    ];
    for (const origin of origins) {
      for (
        const request of [
          modernRequest(token, { headers: { origin } }),
          modernRequest(undefined, { headers: { origin } }),
          modernRequest(undefined, { method: "GET", path: "/healthz", headers: { origin } }),
          modernRequest(undefined, { method: "GET", path: "/", headers: { origin } }),
        ]
      ) {
        const response = await handler(request, "::1");
        const cors = [...response.headers.keys()].filter((name) => name.startsWith("access-"));
        assertEquals(cors, [], origin);
        const text = await response.text();
        assertEquals([response.status, JSON.parse(text).error], [403, "forbidden"], origin);
        assertFalse(text.includes("evil"));
      }
    }
    assertEquals(runs.size, 0);
    for (const origin of [undefined, ORIGIN, PAGE_ORIGIN]) {
      const response = await handler(modernRequest(token, { headers: { origin } }), "::1");
      assertEquals((await outcome(response))[0], 200);
    }
  }));

test("transport: a method that the endpoint does not have is 401, then 405 with Allow (R66, H110, H142)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    const token = await issuer.token();
    for (const method of ["GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]) {
      const override = { "x-http-method-override": "POST" };
      const unknown = await handler(modernRequest(undefined, { method, headers: override }), "::1");
      assertEquals(unknown.status, 401, method);
      const known = await handler(modernRequest(token, { method, headers: override }), "::1");
      assertEquals([known.status, known.headers.get("allow")], [405, "POST"], method);
    }
    assertEquals(runs.size, 0);
  }));

test("transport: a body is JSON in UTF-8 as it is, and says so in one media type (R67, H091-H096)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    const token = await issuer.token();
    const call = (headers: Record<string, string | undefined>) =>
      handler(modernRequest(token, { headers }), "::1");
    const types = [
      undefined,
      "",
      "text/plain",
      "text/json",
      "multipart/form-data; boundary=x",
      "application/x-www-form-urlencoded",
      "application/jsonx",
      "application/json-patch+json",
      "application/json, text/plain",
      "text/plain, application/json",
      "application/json, application/json",
      "application/json; charset=utf-16",
      "application/json; charset=utf-8; charset=utf-16",
      "application/json; charset=iso-8859-1",
      "application/json; boundary=x",
      "application/json;",
    ];
    // A string body brings a type of its own, bytes do not.
    const bytes = new TextEncoder().encode(JSON.stringify(modernBody("add", { a: 1, b: 2 })));
    for (const type of types) {
      const headers = { "content-type": type };
      const response = await handler(modernRequest(token, { headers, rawBody: bytes }), "::1");
      assertEquals(await outcome(response), [415, "unsupported_media_type"], type);
    }
    for (const encoding of ["gzip", "br", "deflate", "identity, gzip", "x"]) {
      const refused = await outcome(await call({ "content-encoding": encoding }));
      assertEquals(refused, [415, "unsupported_media_type"], encoding);
    }
    assertEquals(runs.size, 0);
    for (
      const type of [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json ; charset="utf-8"',
      ]
    ) assertEquals(await outcome(await call({ "content-type": type })), [200, undefined], type);
  }));

test("transport: a client that can read no answer of ours is told so, all others are served (R68)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    const token = await issuer.token();
    const accepting = (accept: string | undefined) => [
      modernRequest(token, { headers: { accept } }),
      legacyRequest(token, "tools/list", {}, { headers: { accept } }),
    ];
    for (
      const accept of ["text/html", "image/*", "application/jsonx", "application/xml, text/plain"]
    ) {
      for (const request of accepting(accept)) {
        const refused = await outcome(await handler(request, "::1"));
        assertEquals(refused, [406, "not_acceptable"], accept);
      }
    }
    assertEquals(runs.size, 0);
    for (
      const accept of [
        undefined,
        "",
        "*/*",
        "application/json",
        "text/event-stream",
        "application/json, text/event-stream",
        "text/event-stream;q=0.5,application/json",
        "text/html, Application/* ;q=0.1",
      ]
    ) {
      for (const request of accepting(accept)) {
        const response = await handler(request, "::1");
        assertEquals((await outcome(response))[0], 200, accept);
      }
    }
  }));

test("transport: what is too large is refused before it is authenticated (R80, H112, H113)", () =>
  withPipeline(async ({ handler, records, runs }) => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-h-${i}`, "x"]));
    const requests: [number, string, Request][] = [
      [414, "uri_too_long", modernRequest(undefined, { path: `/mcp?x=${"x".repeat(17_000)}` })],
      [431, "header_fields_too_large", modernRequest("x".repeat(40_000))],
      [431, "header_fields_too_large", modernRequest(undefined, { headers: many })],
      [
        413,
        "payload_too_large",
        modernRequest(undefined, {
          headers: { "content-length": String(256 * 1024 + 1) },
        }),
      ],
    ];
    for (const [status, error, request] of requests) {
      const response = await handler(request, "::1");
      assertEquals(response.headers.get("www-authenticate"), null);
      const text = await response.text();
      assertEquals([response.status, JSON.parse(text).error], [status, error]);
      assert(text.length < 2048);
      assertEquals(records.at(-1)!.reason, error);
    }
    assertEquals(runs.size, 0);
  }));

test("transport: what arrives is counted, whatever was announced, and waited for no longer than set (R80, H113, H114)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    const token = await issuer.token();
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024).fill(0x20)),
    });
    const stalled = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"jsonrpc":')),
    });
    const failing = new ReadableStream({ start: (controller) => controller.error(new Error("x")) });
    const send = async (rawBody: ReadableStream) =>
      (await outcome(await handler(modernRequest(token, { rawBody }), "::1")))[0];
    assertEquals(await send(endless), 413);
    assertEquals(await send(stalled), 408);
    assertEquals(Math.floor(await send(failing) / 100), 4);
    assertEquals(runs.size, 0);
  }));

test("transport: an address has a budget before anybody authenticates (R81, H233)", () => {
  const limits = limitsWith({ address: { points: 3, seconds: 60 } });
  return withPipeline(async ({ handler, issuer, records }) => {
    const token = await issuer.token();
    const statuses = [];
    for (
      const request of [
        modernRequest(undefined),
        modernRequest("nonsense"),
        modernRequest(undefined, { method: "GET", path: "/healthz" }),
        modernRequest(token),
        modernRequest(undefined, { method: "GET", path: "/healthz" }),
      ]
    ) {
      const forwarded = new Request(request);
      forwarded.headers.set("x-forwarded-for", crypto.randomUUID());
      const response = await handler(forwarded, "10.0.0.1");
      statuses.push(response.status);
      if (response.status === 429) {
        assertMatch(response.headers.get("retry-after")!, /^[1-9]\d?$/);
        assertEquals(response.headers.get("www-authenticate"), null);
      }
      await response.body?.cancel();
    }
    assertEquals(statuses, [401, 401, 200, 429, 429]);
    assertEquals(records.at(-1)!.reason, "rate_limited_address");
    const elsewhere = await handler(modernRequest(token), "10.0.0.2");
    assertEquals((await outcome(elsewhere))[0], 200);
  }, { deps: { limits } });
});

test("transport: a call takes from its client's budget what the tool weighs, refused calls too (R81)", () => {
  const limits = limitsWith({ client: { points: 10, seconds: 60 } });
  let ran = 0;
  const heavy = defineTool({
    name: "heavy",
    title: "Heavy",
    description: "A probe that weighs four points of the budget of the client that calls it.",
    effect: "read",
    scopes: ["org:read"],
    cost: 4,
    input: z.strictObject({}),
    output: z.object({}),
    handle() {
      ran += 1;
      return Promise.resolve({});
    },
  });
  return withPipeline(async ({ handler, issuer }) => {
    const call = async (claims: Record<string, unknown>) => {
      const token = await issuer.token({ claims });
      const request = modernRequest(token, { body: modernBody("heavy", {}) });
      return (await outcome(await handler(request, "::1")))[0];
    };
    assertEquals([await call({}), await call({ scope: "" }), await call({})], [200, 403, 429]);
    assertEquals(await call({ sub: "user-2" }), 429, "another person behind the same client");
    assertEquals(await call({ client_id: "client-2" }), 200);
    assertEquals(ran, 2);
  }, { tools: [heavy], deps: { limits } });
});

test("transport: a listed page may read every answer and every header that it needs (R89, H138)", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    const headers = { origin: PAGE_ORIGIN };
    const requests: [number, Request][] = [
      [200, modernRequest(token, { headers })],
      [200, legacyRequest(token, "tools/list", {}, { headers })],
      [200, modernRequest(undefined, { method: "GET", path: "/healthz", headers })],
      [400, modernRequest(token, { headers, rawBody: "{" })],
      [401, modernRequest(undefined, { headers })],
      [401, modernRequest("nonsense", { headers })],
      [403, modernRequest(token, { headers, body: modernBody("purge", {}) })],
      [405, modernRequest(token, { headers, method: "GET" })],
      [415, modernRequest(token, { headers: { ...headers, "content-type": "text/plain" } })],
    ];
    for (const [status, request] of requests) {
      const response = await handler(request, "::1");
      await response.text();
      assertEquals(response.status, status);
      assertEquals(response.headers.get("access-control-allow-origin"), PAGE_ORIGIN);
      assertEquals(response.headers.get("access-control-allow-credentials"), null);
      assertMatch(response.headers.get("vary")!, /\bOrigin\b/);
      const exposed = response.headers.get("access-control-expose-headers")!.split(", ");
      for (
        const name of [
          "WWW-Authenticate",
          "DPoP-Nonce",
          "Retry-After",
          "RateLimit",
          "RateLimit-Policy",
          "X-Request-Id",
        ]
      ) assert(exposed.includes(name), name);
    }
  }));
