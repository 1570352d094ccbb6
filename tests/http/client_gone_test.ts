/** What is on record of a caller who leaves while their tool runs. */

import { connect } from "node:net";
import { test } from "node:test";
import { z } from "zod";
import { assertEquals } from "@std/assert";
import { AppError } from "../../errors.ts";
import { listen } from "../../http/listen.ts";
import { defineTool } from "../../tools/registry.ts";
import { limitsWith } from "../support/limits.ts";
import { createPipeline, legacyRequest, modernBody, modernRequest } from "../support/pipeline.ts";

const writer = { claims: { scope: "org:write" } };

/** A tool that goes on until the test lets it end, whatever its signal says. */
function stubborn(state: { started: number; end: (error?: Error) => void }) {
  return defineTool({
    name: "stubborn",
    title: "Stubborn",
    description: "A probe that goes on after its caller has left, until the test lets it end.",
    effect: "update",
    scopes: ["org:write"],
    input: z.strictObject({}),
    output: z.object({ done: z.boolean() }),
    async handle(_input, context) {
      state.started += 1;
      await context.progress({ progress: 1 });
      await new Promise<void>((resolve, reject) => {
        state.end = (error) => error ? reject(error) : resolve();
      });
      return { done: true };
    },
  });
}

const CONFLICT = new AppError("conflict", "That name is taken");
/** How a call is made, how the tool ends, and what has to be on record. */
const LEAVINGS = [
  ["json", undefined, 499, undefined],
  ["json", CONFLICT, 499, { result: "conflict" }],
  ["stream", undefined, 200, undefined],
  ["stream", CONFLICT, 200, { result: "conflict" }],
  ["legacy", undefined, 200, undefined],
] as const;

for (const [way, error, status, details] of LEAVINGS) {
  const end = error ? "fails" : "succeeds";
  test(`a caller who leaves a ${way} call is on record once, when the tool has ended, here one that ${end}`, async () => {
    const state = { started: 0, end: (_?: Error) => {} };
    const pipeline = await createPipeline({
      tools: [stubborn(state)],
      deps: { limits: limitsWith({ concurrent: 1, streams: 1 }) },
    });
    const { handler, issuer, records, live } = pipeline;
    try {
      const token = await issuer.token(writer);
      const leaving = new AbortController();
      const { signal } = leaving;
      const body = modernBody("stubborn", {}, way === "stream" ? { progressToken: 1 } : {});
      const answering = handler(
        way === "legacy"
          ? legacyRequest(token, "tools/call", { name: "stubborn", arguments: {} }, { signal })
          : modernRequest(token, { body, signal }),
        "10.0.0.7",
      );
      while (state.started === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      if (way === "json") leaving.abort();
      const response = await answering;
      assertEquals(response.status, status);
      if (way === "stream") await response.body!.cancel();
      if (way === "legacy") {
        leaving.abort();
        await response.text().catch(() => {});
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      assertEquals(records.map(({ event }) => event), ["tool.intent"], "nobody knows yet");
      assertEquals(live.size, 1, "a revocation would still reach the tool");
      assertEquals((await handler(modernRequest(token), "10.0.0.7")).status, 429, "and its place");
      records.pop();

      state.end(error);
      while (live.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 20));
      const [intent, ...outcomes] = records;
      assertEquals(intent!.event, "tool.intent");
      assertEquals(
        outcomes.map(({ event, reason, decision, outcome, details }) =>
          [event, reason, decision, outcome!.status, outcome!.isError, details] as const
        ),
        [["tool.call", "client_gone", "allow", status, error !== undefined, details]],
      );
    } finally {
      await pipeline.close();
    }
  });
}

test("a caller who leaves before their tool runs is on record as such, and it does not run", async () => {
  const state = { started: 0, end: (_?: Error) => {} };
  const pipeline = await createPipeline({ tools: [stubborn(state)] });
  try {
    const token = await pipeline.issuer.token(writer);
    const call = { name: "stubborn", arguments: {} };
    const response = await pipeline.handler(legacyRequest(token, "tools/call", call), "10.0.0.7");
    await response.body!.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The runtime may have let it begin before the answer was there.
    state.end();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const outcomes = pipeline.records.filter(({ event }) => event === "tool.call");
    assertEquals(outcomes.map(({ reason }) => reason), ["client_gone"]);
    const intents = pipeline.records.filter(({ event }) => event === "tool.intent");
    assertEquals(intents.length, state.started, "what runs has an intent and an outcome");
  } finally {
    await pipeline.close();
  }
});

test("what was left to a tool when the server stops is on record as such", async () => {
  const state = { started: 0, end: (_?: Error) => {} };
  const pipeline = await createPipeline({ tools: [stubborn(state)] });
  try {
    const body = modernBody("stubborn", {}, { progressToken: 1 });
    const request = modernRequest(await pipeline.issuer.token(writer), { body });
    const response = await pipeline.handler(request, "10.0.0.7");
    while (state.started === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await response.body!.cancel();
    pipeline.live.stop();
    await new Promise((resolve) => setTimeout(resolve, 5));
    state.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(
      pipeline.records.slice(1).map(({ reason, decision, details }) => [reason, decision, details]),
      [["client_gone", "fail", { result: "server_stopped" }]],
    );
  } finally {
    await pipeline.close();
  }
});

test("a caller who hangs up their socket is on record once, when the tool has ended", async () => {
  const state = { started: 0, end: (_?: Error) => {} };
  const pipeline = await createPipeline({ tools: [stubborn(state)] });
  const listener = listen({ host: "127.0.0.1", port: 0, handler: pipeline.handler });
  try {
    for (const meta of [{}, { progressToken: 1 }]) {
      const body = JSON.stringify(modernBody("stubborn", {}, meta));
      const token = await pipeline.issuer.token(writer);
      const socket = connect(listener.port, "127.0.0.1").on("error", () => {});
      const before = state.started;
      socket.write([
        "POST /mcp HTTP/1.1",
        "host: localhost:8000",
        `authorization: Bearer ${token}`,
        "content-type: application/json",
        "accept: application/json, text/event-stream",
        "mcp-protocol-version: 2026-07-28",
        "mcp-method: tools/call",
        "mcp-name: stubborn",
        `content-length: ${body.length}`,
        "",
        body,
      ].join("\r\n"));
      while (state.started === before) await new Promise((resolve) => setTimeout(resolve, 5));
      socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, 200));
      assertEquals(pipeline.records.map(({ event }) => event), ["tool.intent"]);
      state.end();
      while (pipeline.live.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const seen = pipeline.records.splice(0).map(({ event, reason, decision }) =>
        [event, reason, decision] as const
      );
      assertEquals(seen, [
        ["tool.intent", "intent", "allow"],
        ["tool.call", "client_gone", "allow"],
      ]);
    }
  } finally {
    await listener.stop(1000);
    await pipeline.close();
  }
});
