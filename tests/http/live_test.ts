/** What happens to the work of a caller whose access ends while it is under way. */

import { test } from "node:test";
import { z } from "zod";
import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import { defineTool } from "../../tools/registry.ts";
import { createPipeline, modernBody, modernRequest } from "../support/pipeline.ts";
import type { PipelineOptions } from "../support/pipeline.ts";

/** A tool that goes on whatever its signal says, and one that reports before it does. */
function stubborn(state: { started: number; signalled: number; finish: () => void }) {
  return defineTool({
    name: "stubborn",
    title: "Stubborn",
    description: "A probe that runs until the test lets it end, whatever its signal says.",
    effect: "read",
    scopes: ["org:read"],
    input: z.strictObject({ report: z.boolean() }),
    output: z.object({ value: z.number() }),
    async handle({ report }, context) {
      state.started += 1;
      context.signal.addEventListener("abort", () => (state.signalled += 1));
      if (report) await context.progress({ progress: 1 });
      await new Promise<void>((resolve) => (state.finish = resolve));
      return { value: 42 };
    },
  });
}

async function withStubborn(
  run: (
    pipeline: Awaited<ReturnType<typeof createPipeline>>,
    state: { started: number; signalled: number; finish: () => void },
  ) => Promise<void>,
  options: PipelineOptions = {},
): Promise<void> {
  const state = { started: 0, signalled: 0, finish: () => {} };
  const pipeline = await createPipeline({ ...options, tools: [stubborn(state)] });
  try {
    await run(pipeline, state);
  } finally {
    state.finish();
    await pipeline.close();
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("revoked: a running call is aborted and answered 401, though its handler goes on (H223)", () =>
  withStubborn(async ({ handler, issuer, revocations, live, records }, state) => {
    const token = await issuer.token();
    const body = modernBody("stubborn", { report: false });
    const answering = handler(modernRequest(token, { body }), "127.0.0.1");
    await until(() => state.started === 1);
    assertEquals(live.size, 1);
    await revocations.add({
      target: { kind: "subject", issuer: issuer.issuer, subject: "user-1" },
      reason: "a test",
      actor: "cli",
    });
    const response = await answering;
    assertEquals([response.status, (await response.json()).error], [401, "invalid_token"]);
    assertStringIncludes(response.headers.get("www-authenticate") ?? "", 'error="invalid_token"');
    assertEquals(state.signalled, 1);
    assertEquals(
      records.map(({ outcome, reason }) => [outcome?.status, reason]),
      [[401, "subject_revoked"]],
    );
    assertEquals(live.size, 0);
  }));

test("revoked: a stream with progress closes without the result (H223)", () =>
  withStubborn(async ({ handler, issuer, revocations, live, records }, state) => {
    const token = await issuer.token();
    const body = modernBody("stubborn", { report: true }, { progressToken: "p" });
    const response = await handler(modernRequest(token, { body }), "127.0.0.1");
    assertEquals(response.status, 200);
    await until(() => state.started === 1);
    await revocations.add({
      target: { kind: "client", issuer: issuer.issuer, clientId: "client-1" },
      reason: "a test",
      actor: "cli",
    });
    const text = await response.text();
    assertFalse(text.includes("42") || text.includes('"result"'), text);
    assertEquals(state.signalled, 1);
    state.finish();
    assertEquals(live.size, 0);
    assertEquals(records.map(({ reason }) => reason), ["client_revoked"]);
  }));

test("revoked: a call whose body is still arriving never starts", () =>
  withStubborn(
    async ({ handler, issuer, revocations, records }, state) => {
      const token = await issuer.token();
      const text = JSON.stringify(modernBody("stubborn", { report: false }));
      let send = (_: string) => {};
      const rawBody = new ReadableStream<Uint8Array>({
        start(controller) {
          send = (part) => {
            controller.enqueue(new TextEncoder().encode(part));
            controller.close();
          };
        },
      });
      const request = modernRequest(token, { body: modernBody("stubborn", {}), rawBody });
      const answering = handler(request, "127.0.0.1");
      await new Promise((resolve) => setTimeout(resolve, 50));
      await revocations.add({
        target: { kind: "client", issuer: issuer.issuer, clientId: "client-1" },
        reason: "a test",
        actor: "cli",
      });
      send(text);
      const response = await answering;
      assertEquals(response.status, 401);
      await response.body?.cancel();
      assertEquals(state.started, 0);
      assertEquals(records.map(({ reason }) => reason), ["client_revoked"]);
    },
    { deps: { bodyTimeoutMs: 10_000 } },
  ));

test("a request that ended is no longer held (R42)", () =>
  withStubborn(async ({ handler, issuer, live }, state) => {
    const body = modernBody("stubborn", { report: false });
    const answering = handler(modernRequest(await issuer.token(), { body }), "127.0.0.1");
    await until(() => state.started === 1);
    state.finish();
    assertEquals((await answering).status, 200);
    assertEquals(live.size, 0);
  }));

test("a server that winds down asks its tools to end, and still delivers what they answer", () =>
  withStubborn(async ({ handler, issuer, live, records }, state) => {
    const body = modernBody("stubborn", { report: false });
    const answering = handler(modernRequest(await issuer.token(), { body }), "127.0.0.1");
    await until(() => state.started === 1);
    live.windDown();
    assertEquals(state.signalled, 1);
    state.finish();
    const response = await answering;
    assertEquals(response.status, 200);
    assertStringIncludes(await response.text(), "42");
    assertEquals(records.at(-1)!.reason, "ok");
  }));
