import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { parseList } from "structured-headers";
import { z } from "zod";
import { defineTool } from "../../../tools/registry.ts";
import { limitsWith } from "../../support/limits.ts";
import {
  createPipeline,
  legacyRequest,
  modernBody,
  modernRequest,
  readAnswer,
} from "../../support/pipeline.ts";
import type { Pipeline, PipelineOptions } from "../../support/pipeline.ts";

async function withPipeline(
  body: (pipeline: Pipeline) => Promise<void>,
  options: PipelineOptions,
): Promise<void> {
  const pipeline = await createPipeline(options);
  try {
    await body(pipeline);
  } finally {
    await pipeline.close();
  }
}

const waiting = (token: string) =>
  modernRequest(token, { body: modernBody("wait", {}, { progressToken: 1 }) });

const counting = modernBody("count", { to: 1 }, { progressToken: 1 });

/** What a structured header says: names with their parameters. */
function parsed(response: Response, name: string): [string, Record<string, unknown>][] {
  return parseList(response.headers.get(name)!).map(([item, parameters]) => [
    item as string,
    Object.fromEntries(parameters),
  ]);
}

test("handler: a principal has so many calls under way, and its body is not read before one has ended (H196)", () =>
  withPipeline(async ({ handler, issuer, runs, records }) => {
    const token = await issuer.token();
    const streams = [
      await handler(waiting(token), "::1"),
      await handler(waiting(token), "::1"),
    ];
    assertEquals(streams.map(({ status }) => status), [200, 200]);

    const oneMore = modernRequest(token);
    const refused = await handler(oneMore, "::1");
    assertEquals(refused.status, 429);
    assertEquals(refused.headers.get("retry-after"), "1");
    assertEquals(parsed(refused, "ratelimit-policy"), [
      ["concurrent", { q: 2, qu: "concurrent-requests" }],
    ]);
    assertEquals(parsed(refused, "ratelimit"), [["concurrent", { r: 0 }]]);
    const body = await refused.json();
    assertEquals([body.limit, body.quota, body.retry_after_seconds], ["concurrent", 2, 1]);
    assertFalse(oneMore.bodyUsed);
    assertEquals(records.at(-1)!.reason, "rate_limited_concurrent");
    assertEquals(runs.get("add"), undefined);

    const other = await issuer.token({ claims: { sub: "user-2" } });
    assertEquals((await handler(modernRequest(other), "::1")).status, 200);

    await streams[0]!.body!.cancel();
    assertEquals((await handler(modernRequest(token), "::1")).status, 200);
    await streams[1]!.body!.cancel();
  }, { deps: { limits: limitsWith({ concurrent: 2 }) } }));

test("handler: a call that is refused, or whose body never comes, gives its place back", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    for (let turn = 0; turn < 3; turn += 1) {
      const unfinished = new ReadableStream();
      assertEquals(
        (await handler(modernRequest(token, { rawBody: unfinished }), "::1")).status,
        408,
      );
      assertEquals((await handler(modernRequest(token, { rawBody: "{" }), "::1")).status, 400);
    }
    assertEquals((await handler(modernRequest(token), "::1")).status, 200);
  }, { deps: { limits: limitsWith({ concurrent: 2 }) } }));

test("handler: a client has so many open streams, whoever is behind it, and no tool runs for one more (H166)", () =>
  withPipeline(async ({ handler, issuer, runs, records }) => {
    const people = await Promise.all(
      ["a", "b", "c"].map((sub) => issuer.token({ claims: { sub } })),
    );
    const streams = [
      await handler(waiting(people[0]!), "::1"),
      await handler(waiting(people[1]!), "::1"),
    ];
    const listen = {
      jsonrpc: "2.0",
      id: 1,
      method: "subscriptions/listen",
      params: { notifications: {}, ...(modernBody("add", {})["params"] as object) },
    };
    for (
      const request of [
        waiting(people[2]!),
        legacyRequest(people[2]!, "tools/call", {
          name: "add",
          arguments: { a: 1, b: 2 },
          _meta: { progressToken: 1 },
        }),
        modernRequest(people[2]!, { body: listen }),
      ]
    ) {
      const refused = await handler(request, "::1");
      assertEquals(refused.status, 429);
      assertEquals(refused.headers.get("retry-after"), "1");
      assertEquals(parsed(refused, "ratelimit"), [["streams", { r: 0 }]]);
      assertEquals((await refused.json()).limit, "streams");
      assertEquals(records.at(-1)!.reason, "rate_limited_streams");
    }
    assertEquals([runs.get("wait"), runs.get("add")], [2, undefined]);

    assertEquals((await handler(modernRequest(people[2]!), "::1")).status, 200, "not a stream");
    const ordinary = { name: "add", arguments: { a: 1, b: 2 } };
    const old = await handler(legacyRequest(people[2]!, "tools/call", ordinary), "::1");
    assertEquals(old.status, 200, "it comes as a stream and ends with the call");
    await readAnswer(old);
    const other = await issuer.token({ claims: { client_id: "client-2" } });
    await (await handler(waiting(other), "::1")).body!.cancel();

    await streams[0]!.body!.cancel();
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await handler(modernRequest(people[2]!, { body: counting }), "::1");
      assertEquals(answer.status, 200);
      await readAnswer(answer);
    }
    await streams[1]!.body!.cancel();
  }, { deps: { limits: limitsWith({ streams: 2 }) } }));

test("handler: ordinary calls of one person take no places from the streams of another (H196)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    const busy = await issuer.token({ claims: { sub: "busy" } });
    const waits = () => legacyRequest(busy, "tools/call", { name: "wait", arguments: {} });
    const calls = await Promise.all(Array.from({ length: 3 }, () => handler(waits(), "::1")));
    assertEquals(calls.map(({ status }) => status), [200, 200, 200]);
    const refused = await handler(waits(), "::1");
    assertEquals([refused.status, (await refused.json()).limit], [429, "concurrent"]);
    assertEquals(runs.get("wait"), 3);

    const other = await issuer.token({ claims: { sub: "other" } });
    const stream = await handler(waiting(other), "::1");
    assertEquals(stream.status, 200, "the same client, another person");
    for (const { body } of [...calls, stream]) await body!.cancel();
  }, { deps: { limits: limitsWith({ concurrent: 3, streams: 1 }) } }));

const probe = (name: string, more: { cost?: number; rate?: { points: number; seconds: number } }) =>
  defineTool({
    name,
    title: "Probe",
    description: "A probe with a budget, for tests of what a client may spend on one tool.",
    effect: "create",
    scopes: ["org:read"],
    ...more,
    input: z.strictObject({}),
    output: z.object({}),
    handle: () => Promise.resolve({}),
  });

test("handler: a client has a budget for each tool, and hears which one is spent and when to come back (R81, H196)", () =>
  withPipeline(async ({ handler, issuer, records }) => {
    const token = await issuer.token();
    const call = (name: string, credential = token) =>
      handler(modernRequest(credential, { body: modernBody(name, {}) }), "::1");
    assertEquals((await call("import_things")).status, 200);
    const refused = await call("import_things");
    assertEquals(refused.status, 429);
    const wait = Number(refused.headers.get("retry-after"));
    assert(wait >= 1 && wait <= 30);
    assertEquals(parsed(refused, "ratelimit-policy"), [["tool", { q: 7, w: 30 }]]);
    assertEquals(parsed(refused, "ratelimit"), [["tool", { r: 0, t: wait }]]);
    const { request_id: _, ...body } = await refused.json();
    assertEquals(body, {
      error: "rate_limited",
      error_description: `Too many calls of import_things by this client: wait ${wait} seconds`,
      limit: "tool",
      tool: "import_things",
      quota: 7,
      window_seconds: 30,
      retry_after_seconds: wait,
    });
    const { reason, tool } = records.at(-1)!;
    assertEquals([reason, tool!.name], ["rate_limited_tool", "import_things"]);

    assertEquals((await call("look")).status, 200, "another tool has a budget of its own");
    const other = await issuer.token({ claims: { client_id: "client-2" } });
    assertEquals((await call("import_things", other)).status, 200);
  }, {
    tools: [
      probe("import_things", { cost: 4, rate: { points: 7, seconds: 30 } }),
      probe("look", {}),
    ],
    deps: { limits: limitsWith({}) },
  }));

test("handler: every answer to a client says how its budgets stand", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    const call = await handler(modernRequest(token), "::1");
    assertEquals(parsed(call, "ratelimit-policy"), [
      ["client", { q: 50, w: 60 }],
      ["tool", { q: 20, w: 10 }],
    ]);
    const [client, tool] = parsed(call, "ratelimit");
    assertEquals([client![0], client![1]["r"], tool![0], tool![1]["r"]], [
      "client",
      49,
      "tool",
      19,
    ]);
    assert(Number(client![1]["t"]) <= 60 && Number(tool![1]["t"]) <= 10);

    const list = await handler(legacyRequest(token, "tools/list", {}), "::1");
    assertEquals(parsed(list, "ratelimit").map(([name, { r }]) => [name, r]), [["client", 48]]);
    await list.text();
    const refused = await handler(modernRequest(token, { body: modernBody("purge", {}) }), "::1");
    assertEquals(refused.status, 403, "counted, so it tells as well");
    assertEquals(parsed(refused, "ratelimit").map(([name]) => name), ["client", "tool"]);

    for (
      const request of [
        modernRequest(undefined),
        modernRequest("nonsense"),
        modernRequest(undefined, { method: "GET", path: "/healthz" }),
      ]
    ) {
      const answer = await handler(request, "::1");
      assertEquals(answer.headers.get("ratelimit"), null, "a stranger has no budget to hear of");
      await answer.body?.cancel();
    }
  }, {
    deps: {
      limits: limitsWith({
        client: { points: 50, seconds: 60 },
        tool: { points: 20, seconds: 10 },
      }),
    },
  }));

test("handler: nobody without a valid token draws on a client's budget or takes its places", () =>
  withPipeline(async ({ handler, issuer }) => {
    const forged = await issuer.token({ claims: { aud: "https://elsewhere.example" } });
    for (let turn = 0; turn < 5; turn += 1) {
      assertEquals((await handler(modernRequest(forged), "::1")).status, 401);
    }
    const answer = await handler(modernRequest(await issuer.token()), "::1");
    assertEquals(answer.status, 200);
  }, {
    deps: { limits: limitsWith({ client: { points: 1, seconds: 60 }, concurrent: 1, streams: 1 }) },
  }));

test("handler: the address is told how long to wait before anything else is looked at", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    assertEquals((await handler(modernRequest(token), "192.0.2.1")).status, 200);
    const refused = await handler(modernRequest(token, { path: "/nothing" }), "192.0.2.1");
    assertEquals(refused.status, 429);
    assertEquals(parsed(refused, "ratelimit-policy"), [["address", { q: 1, w: 60 }]]);
    assertMatch((await refused.json()).error_description, /^Too many requests from this address: /);
  }, { deps: { limits: limitsWith({ address: { points: 1, seconds: 60 } }) } }));

test("createLimits() gives a budget back when its window has passed", async () => {
  let at = 0;
  const limits = limitsWith({ address: { points: 1, seconds: 10 } }, { now: () => at });
  await limits.admit("192.0.2.1");
  at = 9999;
  const reasonOf = (error: { reason: string; retryAfterSeconds: number }) =>
    [error.reason, error.retryAfterSeconds].join();
  assertEquals(await limits.admit("192.0.2.1").catch(reasonOf), "rate_limited_address,1");
  at = 10_000;
  await limits.admit("192.0.2.1");
});

test("handler: a call that weighs more than a budget takes all of it, and is not refused for ever", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    const call = () => handler(modernRequest(token, { body: modernBody("dear", {}) }), "::1");
    const first = await call();
    assertEquals(first.status, 200);
    assertEquals(parsed(first, "ratelimit").map(([name, { r }]) => [name, r]), [
      ["client", 0],
      ["tool", 0],
    ]);
    assertEquals((await call()).status, 429);
  }, {
    tools: [probe("dear", { cost: 40 })],
    deps: {
      limits: limitsWith({
        client: { points: 20, seconds: 60 },
        tool: { points: 5, seconds: 60 },
      }),
    },
  }));
