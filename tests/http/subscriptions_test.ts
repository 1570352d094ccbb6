/** Subscriptions to changes: who is told what, what they hold, and how they end. */

import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { limitsWith } from "../support/limits.ts";
import {
  createPipeline,
  MODERN_META,
  modernBody,
  modernRequest,
  streamMessages,
} from "../support/pipeline.ts";
import type { Pipeline, PipelineOptions } from "../support/pipeline.ts";

// deno-lint-ignore no-explicit-any -- notifications of many kinds, which the tests spell out
type Json = any;

/** On a busy machine it takes longer than the five seconds that Bun gives a test. */
const SLOW = { timeout: 60_000 };
const ALL = "env:read org:write wks:write";

async function withPipeline(
  run: (pipeline: Pipeline, environmentId: string) => Promise<void>,
  options: PipelineOptions = {},
): Promise<void> {
  const pipeline = await createPipeline(options);
  try {
    const { items: [environment] } = await pipeline.workspace.listEnvironments({ pageSize: 1 });
    await run(pipeline, environment!.id);
  } finally {
    await pipeline.close();
  }
}

interface Subscription {
  readonly status: number;
  readonly body: Json;
  /** The next message; undefined where the stream has ended. */
  next(): Promise<Json>;
  /** Every message until the end. */
  rest(): Promise<Json[]>;
  hangUp(): Promise<void>;
}

async function listen(
  { handler, issuer }: Pipeline,
  notifications: unknown,
  claims: Record<string, unknown> = { scope: ALL },
): Promise<Subscription> {
  const body = {
    jsonrpc: "2.0",
    id: "sub-1",
    method: "subscriptions/listen",
    params: { notifications, _meta: MODERN_META },
  };
  const response = await handler(modernRequest(await issuer.token({ claims }), { body }), "::1");
  const { status } = response;
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    const none = () => Promise.reject(new Error("not a stream"));
    return { status, body: await response.json(), next: none, rest: none, hangUp: none };
  }
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const waiting: Json[] = [];
  const next = async (): Promise<Json> => {
    while (waiting.length === 0) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      waiting.push(...streamMessages(value));
    }
    return waiting.shift();
  };
  return {
    status,
    body: undefined,
    next,
    async rest() {
      const all: Json[] = [];
      for (let one = await next(); one !== undefined; one = await next()) all.push(one);
      return all;
    },
    hangUp: () => reader.cancel(),
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("Waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("subscription: a write is told to who follows what it changed, to nobody else, and once", () =>
  withPipeline(async (pipeline, environmentId) => {
    const organizations = `environment://${environmentId}/organizations`;
    const follower = await listen(pipeline, { resourceSubscriptions: [organizations] });
    const other = await listen(pipeline, { resourceSubscriptions: ["workspace://members"] });
    const { method, params } = await follower.next();
    assertEquals(method, "notifications/subscriptions/acknowledged");
    assertEquals(params.notifications, { resourceSubscriptions: [organizations] });
    assertEquals(params._meta, { "io.modelcontextprotocol/subscriptionId": "sub-1" });
    await other.next();

    for (let turn = 0; turn < 3; turn += 1) {
      await pipeline.workspace.createOrganization(environmentId, { displayName: `Acme ${turn}` });
    }
    const told = await follower.next();
    assertEquals(told.method, "notifications/resources/updated");
    assertEquals(told.params.uri, organizations);
    await pipeline.workspace.inviteWorkspaceMember({ email: "bo@acme.example", role: "USER" });
    assertEquals((await other.next()).params.uri, "workspace://members");
    await pipeline.endSubscriptions();
    assertEquals((await follower.rest()).map(({ method }) => method), [undefined], "one for three");
    assertEquals((await other.rest()).length, 1);
  }));

test("subscription: to follow a resource needs its scopes, and a list only what may be read in it (H182)", () =>
  withPipeline(async (pipeline, environmentId) => {
    const uris = [`environment://${environmentId}`, "workspace://members"];
    const refused = await listen(pipeline, { resourceSubscriptions: uris }, { scope: "env:read" });
    assertEquals([refused.status, refused.body.missing_scopes], [403, ["wks:read"]]);
    assertEquals(refused.body.required_scopes, ["env:read", "wks:read"]);
    assertEquals(pipeline.records.at(-1)!.details, { resources: uris });

    const lists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    const reader = await listen(pipeline, lists, { scope: "env:read" });
    assertEquals((await reader.next()).params.notifications, lists);
    const stranger = await listen(pipeline, lists, { scope: "org:read" });
    assertEquals((await stranger.next()).params.notifications, {
      toolsListChanged: true,
      promptsListChanged: true,
    });
    pipeline.changes.publish({ kind: "resources_list_changed" });
    pipeline.changes.publish({ kind: "tools_list_changed" });
    const methods = async (from: Subscription) => (await from.next()).method;
    assertEquals(await methods(reader), "notifications/resources/list_changed");
    assertEquals(await methods(reader), "notifications/tools/list_changed");
    assertEquals(await methods(stranger), "notifications/tools/list_changed");
    await Promise.all([reader.hangUp(), stranger.hangUp()]);
  }));

test("subscription: a resource that is none, and a filter that is none, are refused (H183)", () =>
  withPipeline(async (pipeline) => {
    for (
      const filter of [
        { resourceSubscriptions: ["file:///etc/passwd"] },
        { resourceSubscriptions: ["workspace://members", "environment://x"] },
        { resourceSubscriptions: "workspace://members" },
        { resourceSubscriptions: [7] },
        { resourceSubscriptions: Array.from({ length: 51 }, () => "workspace://members") },
        { toolsListChanged: "true" },
        undefined,
        [],
      ]
    ) {
      const { status, body } = await listen(pipeline, filter);
      assertEquals([status, body.error.code], [400, -32602], JSON.stringify(filter));
      assertFalse(JSON.stringify(body).includes("file:"));
    }
    const nothing = await listen(pipeline, {});
    assertEquals((await nothing.rest()).map(({ result }) => result?.resultType), [
      undefined,
      "complete",
    ], "there is nothing to wait for");
  }));

test("subscription: it holds a place among the streams and none among the calls (R81, H166)", () =>
  withPipeline(
    async (pipeline) => {
      const members = { resourceSubscriptions: ["workspace://members"] };
      const open = [await listen(pipeline, members), await listen(pipeline, members)];
      assertEquals(open.map(({ status }) => status), [200, 200]);
      const third = await listen(pipeline, members);
      assertEquals([third.status, third.body.limit], [429, "streams"]);

      const token = await pipeline.issuer.token({ claims: { scope: ALL } });
      const call = () =>
        pipeline.handler(modernRequest(token, { body: modernBody("add", { a: 1, b: 2 }) }), "::1");
      assertEquals((await call()).status, 200, "with one place among the calls");
      await open[0]!.hangUp();
      const again = await listen(pipeline, members);
      assertEquals(again.status, 200);
      assertEquals((await call()).status, 200);
      for (const one of [open[1]!, again]) await one.hangUp();
    },
    { deps: { limits: limitsWith({ streams: 2, concurrent: 1 }) } },
  ));

test(
  "subscription: it ends with the token that opened it (R78, H089)",
  SLOW,
  () =>
    withPipeline(async (pipeline) => {
      const exp = Math.floor(Date.now() / 1000) + 2;
      const stream = await listen(pipeline, { toolsListChanged: true }, { scope: ALL, exp });
      const messages = await stream.rest();
      assertEquals(messages.length, 1, "no result: it was not the server that stopped");
      assert(Date.now() >= exp * 1000 - 50);
      await until(() => pipeline.records.length === 1);
      assertEquals(pipeline.live.size, 0);
    }),
);

test(
  "subscription: it ends when its caller is revoked, and those of others go on (R42, H223)",
  SLOW,
  () =>
    withPipeline(async (pipeline) => {
      const members = { resourceSubscriptions: ["workspace://members"] };
      const mine = await listen(pipeline, members);
      const theirs = await listen(pipeline, members, { scope: ALL, client_id: "other" });
      await mine.next();
      await theirs.next();
      await pipeline.revocations.add({
        target: { kind: "client", issuer: pipeline.issuer.issuer, clientId: "client-1" },
        reason: "a test",
        actor: "cli",
      });
      assertEquals(await mine.rest(), []);
      assertEquals(pipeline.records.map(({ reason }) => reason), ["client_revoked"]);
      await pipeline.workspace.inviteWorkspaceMember({ email: "bo@acme.example", role: "USER" });
      assertEquals((await theirs.next()).params.uri, "workspace://members");
      await theirs.hangUp();
    }),
);

test("subscription: at the stop it ends with a result, and no other is taken", () =>
  withPipeline(async (pipeline) => {
    const stream = await listen(pipeline, { toolsListChanged: true });
    await stream.next();
    await pipeline.endSubscriptions();
    const [last, ...more] = await stream.rest();
    assertEquals([last.id, last.result.resultType, more.length], ["sub-1", "complete", 0]);
    assertEquals(last.result._meta["io.modelcontextprotocol/subscriptionId"], "sub-1");
    assertEquals(pipeline.records.at(-1)!.reason, "ok");
    const { status, body } = await listen(pipeline, { toolsListChanged: true });
    assertEquals([status, body.error], [503, "temporarily_unavailable"]);
    const token = await pipeline.issuer.token();
    const call = modernRequest(token, { body: modernBody("add", { a: 1, b: 2 }) });
    assertEquals((await pipeline.handler(call, "::1")).status, 200, "calls go on");
  }));

test("subscription: one that nobody reads ends, and is not kept in memory", () =>
  withPipeline(async (pipeline) => {
    await listen(pipeline, { toolsListChanged: true });
    // Each is some 150 bytes.
    for (let turn = 0; turn < 1000 && pipeline.records.length === 0; turn += 1) {
      pipeline.changes.publish({ kind: "tools_list_changed" });
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await until(() => pipeline.records.length === 1);
    assertEquals([pipeline.live.size, pipeline.records[0]!.reason], [0, "not_read"]);
  }));
