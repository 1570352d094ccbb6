import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { inBatches } from "../../tools/batches.ts";
import type { ToolContext } from "../../tools/registry.ts";
import { NOW } from "../support/tools.ts";

const context = {
  signal: new AbortController().signal,
  now: () => NOW,
  progress: () => Promise.resolve(),
} as Partial<ToolContext> as ToolContext;

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test("inBatches() hands on each row once and in order", async () => {
  for (const count of [0, 1, 25, 26, 60]) {
    const seen: number[][] = [];
    const done = await inBatches(numbers(count), context, (batch) => {
      seen.push([...batch]);
      return Promise.resolve();
    });
    assertEquals(done, count);
    assertEquals(seen.flat(), numbers(count));
    assertEquals(seen.length, Math.ceil(count / 25));
  }
});

test("inBatches() finishes the batch during which the caller leaves", async () => {
  const caller = new AbortController();
  const done = await inBatches(numbers(60), { ...context, signal: caller.signal }, () => {
    caller.abort();
    return Promise.resolve();
  });
  assertEquals(done, 25);
});

test("inBatches() lets an abort in between the batches of work that never waits", async () => {
  const caller = new AbortController();
  const done = await inBatches(numbers(500), { ...context, signal: caller.signal }, () => {
    setTimeout(() => caller.abort(), 0);
    return Promise.resolve();
  });
  assertEquals(done, 25);
});

test("inBatches() passes on what the work throws and does no further batch", async () => {
  let batches = 0;
  await assertRejects(
    () =>
      inBatches(numbers(60), context, () => {
        batches += 1;
        return Promise.reject(new AppError("unavailable", "The store cannot be used now"));
      }),
    AppError,
    "cannot be used",
  );
  assertEquals(batches, 1);
});
