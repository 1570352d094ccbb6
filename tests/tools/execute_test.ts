import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createScopePolicy } from "../../auth/scopes.ts";
import { openStore } from "../../store/mod.ts";
import { createExecutor } from "../../tools/execute.ts";
import { createRegistry, defineTool } from "../../tools/registry.ts";
import type { ToolCall } from "../../tools/execute.ts";
import type { ToolContext } from "../../tools/registry.ts";
import { startAccess } from "../support/access.ts";

interface Run {
  readonly scopes?: readonly string[];
  readonly input?: unknown;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly confirm?: () => string | Promise<string>;
  readonly canAsk?: boolean;
  readonly answer?: ToolCall["answer"];
  readonly intend?: ToolCall["intend"];
}

/** Runs one tool with the given handler and tells what came of it, and how often the handler ran. */
async function run(
  handle: (input: unknown, context: ToolContext) => unknown,
  {
    scopes = ["org:read"],
    input = {},
    timeoutMs = 1000,
    signal,
    confirm,
    canAsk = false,
    answer,
    intend,
  }: Run = {},
) {
  const policy = createScopePolicy();
  let runs = 0;
  const registry = createRegistry([defineTool({
    name: "probe",
    title: "Probe",
    description: "A probe for the tests of the executor; it runs what it is given.",
    effect: intend ? "update" : "read",
    scopes: ["org:read"],
    input: z.strictObject({ text: z.string().optional() }),
    output: z.object({ value: z.unknown() }),
    timeoutMs,
    ...(confirm ? { confirm } : {}),
    handle: (parsed, context) => {
      runs += 1;
      return handle(parsed, context) as Promise<{ value: unknown }>;
    },
  })], policy);
  const now = () => new Date(0);
  const store = await openStore("sqlite::memory:", { now });
  const { access, revocations } = await startAccess(store, ["https://issuer.example"], now);
  const outcome = await createExecutor({
    registry,
    policy,
    workspace: store.workspace,
    audit: { query: () => Promise.resolve({ records: [] }) },
    access,
    idempotency: store.idempotency,
    now,
    log: () => {},
  })({
    tool: registry.get("probe")!,
    input,
    principal: {
      issuer: "https://issuer.example",
      kind: "client",
      subject: "c",
      clientId: "c",
      scopes,
      tokenId: "t",
      issuedAt: 0,
      expiresAt: 300,
    },
    requestId: "request-1",
    signal: signal ?? new AbortController().signal,
    canAsk,
    answer,
    progress: () => Promise.resolve(),
    intend: intend ?? (() => Promise.resolve()),
  });
  await revocations.close();
  await store.close();
  return { outcome, runs };
}

function abortable() {
  const controller = new AbortController();
  const error = new AppError("invalid_token", "Revoked", { reason: "client_revoked" });
  return { signal: controller.signal, abort: () => controller.abort(error) };
}

function codeOf(outcome: Awaited<ReturnType<typeof run>>["outcome"]): string {
  return outcome.ok ? "ok" : outcome.error.code;
}

test("execute() returns the checked output as value and text", async () => {
  const { outcome } = await run(() => Promise.resolve({ value: 1, secret: "dropped" }));
  assertEquals(outcome, { ok: true, output: { value: 1 }, text: '{"value":1}' });
});

test("execute() checks scopes again, whatever let the call through (R59, H181)", async () => {
  const { outcome, runs } = await run(() => Promise.resolve({ value: 1 }), {
    scopes: ["env:read"],
  });
  assert(!outcome.ok);
  assertEquals(outcome.error, {
    code: "insufficient_scope",
    message: "The tool probe needs the scope org:read; the access token lacks org:read",
    request_id: "request-1",
    required_scopes: ["org:read"],
    missing_scopes: ["org:read"],
  });
  assertEquals(runs, 0);
});

test("execute() refuses input that does not fit, without running the tool (R82, H184)", async () => {
  for (const input of [{ text: 1 }, { other: 1 }, [], "x", 1]) {
    const { outcome, runs } = await run(() => Promise.resolve({ value: 1 }), { input });
    assertEquals([codeOf(outcome), runs], ["invalid_input", 0], JSON.stringify(input));
  }
});

test("execute() cuts the caller's own text that it says back", async () => {
  const { outcome } = await run(() => Promise.resolve({ value: 1 }), {
    input: { ["x".repeat(100_000)]: 1 },
  });
  assert(JSON.stringify(outcome.ok || outcome.error).length < 2048);
});

test("execute() keeps a stranger's words inside, whatever is thrown (H187)", async () => {
  const throws: (() => unknown)[] = [
    () => {
      throw new Error("password=hunter2");
    },
    () => Promise.reject("password=hunter2"),
    () => Promise.reject(null),
    () => Promise.reject({ message: "password=hunter2" }),
  ];
  for (const handle of throws) {
    const { outcome } = await run(handle);
    assert(!outcome.ok);
    assertEquals([outcome.error.code, outcome.error.message], ["internal", "Internal error"]);
    assertFalse(JSON.stringify(outcome.error).includes("hunter2"));
  }
});

test("execute() passes on our own refusals, without their private reason", async () => {
  const { outcome } = await run(() =>
    Promise.reject(
      new AppError("conflict", "That name is taken", {
        reason: "unique_violation",
        details: { name: "x" },
      }),
    )
  );
  assert(!outcome.ok);
  assertEquals(outcome.error, {
    code: "conflict",
    message: "That name is taken",
    request_id: "request-1",
    details: { name: "x" },
  });
});

test("execute() ends a tool at its deadline and tells it so", async () => {
  let aborted = false;
  const { outcome } = await run((_input, context) => {
    context.signal.addEventListener("abort", () => (aborted = true));
    return new Promise(() => {});
  }, { timeoutMs: 20 });
  assertEquals([codeOf(outcome), aborted], ["timeout", true]);
});

test("execute() hands on the caller's abort (R79)", async () => {
  const controller = new AbortController();
  const { outcome } = await run(async (_input, context) => {
    controller.abort();
    await Promise.resolve();
    return { value: context.signal.aborted };
  }, { signal: controller.signal });
  assert(outcome.ok);
  assertEquals(outcome.output, { value: true });
});

test("execute() does not publish what breaks the output schema or cannot be said (H188)", async () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  for (const output of [undefined, null, 1, [], { value: cyclic }, { value: 1n }]) {
    const { outcome } = await run(() => Promise.resolve(output));
    assertEquals(codeOf(outcome), "internal");
  }
  const { outcome } = await run(() => Promise.resolve({ value: "x".repeat(2 ** 21) }));
  assertEquals(codeOf(outcome), "payload_too_large");
});

test("execute() marks what a reader would obey and not see (R82, H189)", async () => {
  const { outcome } = await run(() =>
    Promise.resolve({
      value: { "a\u202eb": ["\u001b[2Jx", "tab\tline\nend", "\u{E0041}", "\u009b", "ü 👨‍👩‍👧"] },
    })
  );
  assert(outcome.ok);
  assertEquals(outcome.output, {
    value: { "a\uFFFDb": ["\uFFFD[2Jx", "tab\tline\nend", "\uFFFD", "\uFFFD", "ü 👨‍👩‍👧"] },
  });
  assertEquals(JSON.parse(outcome.text), outcome.output);
});

test("execute() runs what destroys after a person's yes to that very question, not before", async () => {
  const handle = (input: unknown) => Promise.resolve({ value: input });
  const confirm = () => Promise.resolve("Drop it?");
  const input = { text: "a", confirm: true };
  const yes = { action: "accept", question: "Drop it?" } as const;
  const cases: readonly [Run, string, string?][] = [
    [{ input: { text: "a" } }, "confirmation_required", "Drop it?"],
    [{ input }, "ok"],
    [{ input, canAsk: true }, "confirmation_required", "Drop it?"],
    [
      { canAsk: true, answer: { ...yes, question: "Touch it?" } },
      "confirmation_required",
      "Drop it?",
    ],
    [{ canAsk: true, answer: { ...yes, action: "decline" } }, "confirmation_declined"],
    [
      { canAsk: true, answer: { action: "cancel", question: "Touch it?" } },
      "confirmation_declined",
    ],
    [{ canAsk: true, answer: yes, input: { text: "a" } }, "ok"],
    [{ canAsk: false, answer: yes }, "confirmation_required", "Drop it?"],
    [{ canAsk: true, answer: yes, scopes: ["env:read"] }, "insufficient_scope"],
    [{ canAsk: true, answer: yes, input: { text: 1 } }, "invalid_input"],
  ];
  for (const [options, code, question] of cases) {
    const { outcome, runs } = await run(handle, { confirm, ...options });
    assertEquals([codeOf(outcome), runs], [code, code === "ok" ? 1 : 0], JSON.stringify(options));
    if (outcome.ok) assertEquals(outcome.output, { value: { text: "a" } });
    else assertEquals(outcome.question, question);
  }
});

test("execute() asks nothing that a person could not read, and runs nothing then", async () => {
  const handle = () => Promise.resolve({ value: 1 });
  const input = { confirm: true };
  for (const question of ["", " \n", "x".repeat(2001), undefined as never]) {
    const { outcome, runs } = await run(handle, { confirm: () => question, input });
    assertEquals([codeOf(outcome), runs], ["internal", 0]);
  }
  const gone = () => Promise.reject(new AppError("not_found", "There is no such thing"));
  const missing = await run(handle, { confirm: gone, input });
  assertEquals([codeOf(missing.outcome), missing.runs], ["not_found", 0]);
  const never = await run(handle, { confirm: () => new Promise(() => {}), input, timeoutMs: 20 });
  assertEquals([codeOf(never.outcome), never.runs], ["timeout", 0]);
  const { outcome } = await run(handle, { confirm: () => "Drop \u202eevil\u001b[2J?" });
  assert(!outcome.ok);
  assertEquals(outcome.question, "Drop \uFFFDevil\uFFFD[2J?");
});

test("execute() runs nothing for a call that was ended while a person was asked or its intent written (R42, H223)", async () => {
  const handle = () => Promise.resolve({ value: 1 });
  const turns: readonly [string, (end: () => void) => Promise<void>][] = [
    ["before it was done", (end) => Promise.resolve(end())],
    ["in the turn in which it was done", (end) => Promise.resolve().then(end)],
    ["while it was never done", (end) => new Promise(() => end())],
  ];
  for (const [turn, meanwhile] of turns) {
    for (const stage of ["confirm", "intend"] as const) {
      const { signal, abort } = abortable();
      const work = () => meanwhile(abort).then(() => "Drop it?");
      const options = { [stage]: work, input: stage === "confirm" ? { confirm: true } : {} };
      const { outcome, runs } = await run(handle, { ...options, signal });
      assertEquals([codeOf(outcome), runs], ["invalid_token", 0], `${stage} ${turn}`);
    }
  }
  const late = await run(handle, {
    intend: () => new Promise((resolve) => setTimeout(resolve, 100)),
    timeoutMs: 20,
  });
  await new Promise((resolve) => setTimeout(resolve, 150));
  assertEquals([codeOf(late.outcome), late.runs], ["timeout", 0]);
});

test("execute() gives the handler no token (R44, H192)", async () => {
  let seen = "";
  await run((_input, context) => {
    seen = JSON.stringify({ ...context, workspace: undefined, catalogue: undefined });
    return Promise.resolve({ value: 1 });
  });
  assertFalse(/token"|authorization|bearer/i.test(seen));
});
