import { test } from "node:test";
import { assertEquals, assertFalse, assertMatch, assertThrows } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createGate, createLimiter } from "../../http/rate_limit.ts";
import { createPipeline, modernBody, modernRequest } from "../support/pipeline.ts";
import type { Pipeline, PipelineOptions } from "../support/pipeline.ts";

test("createGate() has so many places for each key, and takes each back once", () => {
  const enter = createGate("concurrent", 2);
  const leave = enter("a");
  enter("a");
  const refusal = assertThrows(() => enter("a"), AppError);
  assertEquals([refusal.code, refusal.reason], ["rate_limited", "rate_limited_concurrent"]);
  enter("b");

  leave();
  leave();
  enter("a");
  assertThrows(() => enter("a"), AppError);
});

const limits = () => ({
  address: createLimiter("address", { points: 100, seconds: 60 }),
  client: createLimiter("client", { points: 100, seconds: 60 }),
  concurrent: createGate("concurrent", 2),
});

test("handler: a principal has so many calls under way, and its body is not read before one has ended (H166)", () =>
  withPipeline(async ({ handler, issuer, runs, records }) => {
    const token = await issuer.token();
    const waiting = () =>
      handler(
        modernRequest(token, { body: modernBody("wait", {}, { progressToken: 1 }) }),
        "::1",
      );
    const streams = [await waiting(), await waiting()];
    assertEquals(streams.map(({ status }) => status), [200, 200]);

    const oneMore = modernRequest(token);
    const refused = await handler(oneMore, "::1");
    assertEquals(refused.status, 429);
    assertMatch(refused.headers.get("retry-after")!, /^[1-9]\d*$/);
    assertFalse(oneMore.bodyUsed);
    assertEquals(records.at(-1)!.reason, "rate_limited_concurrent");
    assertEquals(runs.get("add"), undefined);

    const other = await issuer.token({ claims: { sub: "user-2" } });
    assertEquals((await handler(modernRequest(other), "::1")).status, 200);

    await streams[0]!.body!.cancel();
    assertEquals((await handler(modernRequest(token), "::1")).status, 200);
    await streams[1]!.body!.cancel();
  }, { deps: { limits: limits() } }));

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
  }, { deps: { limits: limits() } }));

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
