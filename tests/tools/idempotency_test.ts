import { Buffer } from "node:buffer";
import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createScopePolicy } from "../../auth/scopes.ts";
import { openStore } from "../../store/mod.ts";
import type { IdempotencyStore } from "../../store/idempotency.ts";
import { createExecutor } from "../../tools/execute.ts";
import type { ToolCall, ToolOutcome } from "../../tools/execute.ts";
import { createRegistry, defineTool } from "../../tools/registry.ts";
import { startAccess } from "../support/access.ts";
import { principal } from "../support/tools.ts";

const KEY = "7c0f6a52";
const HOUR = 3_600_000;

/** What of a call is other than usual; `tool` is a name. */
type Changes = Partial<Omit<ToolCall, "tool">> & { readonly tool?: string };

interface Scene {
  readonly clock: { time: number };
  readonly keys: IdempotencyStore;
  /** What happened, in order: `asked`, `intent`, `ran`. */
  readonly events: string[];
  readonly logged: string[];
  /** What the handler does; it may be changed between calls. */
  handle: (input: unknown) => Promise<unknown>;
  /** What is asked before `erase` runs. */
  question: string;
  onAsked: () => void;
  intend: () => Promise<void>;
  call(input?: Record<string, unknown>, changes?: Changes): Promise<ToolOutcome>;
}

/** Runs a test against two tools, `make` and `erase`; the latter asks. */
async function withTools(
  run: (scene: Scene) => Promise<void>,
  wrap: (keys: IdempotencyStore) => IdempotencyStore = (keys) => keys,
): Promise<void> {
  const clock = { time: Date.parse("2026-03-01T12:00:00Z") };
  const now = () => new Date(clock.time);
  const store = await openStore("sqlite::memory:", { now });
  const { access, revocations } = await startAccess(store, [], now);
  const keys = wrap(store.idempotency);
  const policy = createScopePolicy();
  const define = (name: string, more: object) =>
    defineTool({
      name,
      title: name,
      description: "A probe for the tests of idempotency; it does what the test says.",
      effect: "create",
      scopes: ["org:write"],
      input: z.strictObject({ text: z.string().default("a"), size: z.int().optional() }),
      output: z.object({ value: z.unknown() }),
      timeoutMs: 5000,
      handle(input) {
        scene.events.push("ran");
        return scene.handle(input) as Promise<{ value: unknown }>;
      },
      ...more,
    });
  const confirm = () => {
    scene.events.push("asked");
    scene.onAsked();
    return scene.question;
  };
  const registry = createRegistry(
    [
      define("make", {}),
      define("slow", { timeoutMs: 30 }),
      define("erase", { effect: "delete", confirm }),
    ],
    policy,
  );
  const logged: string[] = [];
  const execute = createExecutor({
    registry,
    policy,
    workspace: store.workspace,
    audit: { query: () => Promise.resolve({ records: [] }) },
    access,
    idempotency: keys,
    idempotencyWaitMs: 250,
    now,
    log: (message) => logged.push(message),
  });
  let made = 0;
  const scene: Scene = {
    clock,
    keys,
    events: [],
    logged,
    handle: () => Promise.resolve({ value: ++made }),
    question: "Erase it?",
    onAsked: () => {},
    intend: () => Promise.resolve(void scene.events.push("intent")),
    call: (input = {}, { tool = "make", ...changes } = {}) =>
      execute({
        tool: registry.get(tool)!,
        input: { idempotencyKey: KEY, ...input },
        principal: principal(),
        requestId: "request-1",
        signal: new AbortController().signal,
        canAsk: false,
        progress: () => Promise.resolve(),
        intend: () => scene.intend(),
        ...changes,
      }),
  };
  try {
    await run(scene);
  } finally {
    await revocations.close();
    await store.close();
  }
}

const erase = { tool: "erase" };
const slow = { tool: "slow" };

/** The value of a success, or the tagged cause of a failure. */
function said(outcome: ToolOutcome): unknown {
  return outcome.ok ? outcome.output["value"] : outcome.cause.reason;
}

function runsOf({ events }: Scene): number {
  return events.filter((event) => event === "ran").length;
}

test("a repeated call gets the first result, is told so, and does not run", () =>
  withTools(async (scene) => {
    const first = await scene.call({ text: "b", size: 1 });
    scene.clock.time += 24 * HOUR - 1;
    const second = await scene.call({ size: 1, text: "b" });
    assert(first.ok && second.ok);
    assertEquals([second.output, second.text], [first.output, first.text]);
    assertEquals(first.replayedFrom, undefined);
    assertEquals(second.replayedFrom, "2026-03-01T12:00:00.000Z");
    assertEquals(scene.events, ["intent", "ran"]);
  }));

test("a default that is spelled out makes no other call", () =>
  withTools(async (scene) => {
    await scene.call();
    assertEquals(said(await scene.call({ text: "a" })), 1);
    assertEquals(runsOf(scene), 1);
  }));

test("without a key, and after a day, the call runs again", () =>
  withTools(async (scene) => {
    assertEquals(said(await scene.call({ idempotencyKey: undefined })), 1);
    assertEquals(said(await scene.call({ idempotencyKey: undefined })), 2);
    assertEquals(said(await scene.call()), 3);
    scene.clock.time += 24 * HOUR;
    assertEquals(said(await scene.call()), 4);
  }));

test("a key with other arguments is refused, and nothing runs", () =>
  withTools(async (scene) => {
    await scene.call({ text: "a" });
    for (const input of [{ text: "b" }, { text: "a", size: 0 }]) {
      const outcome = await scene.call(input);
      assert(!outcome.ok);
      assertEquals([outcome.error.code, said(outcome)], ["conflict", "idempotency_mismatch"]);
    }
    assertEquals(runsOf(scene), 1);
  }));

test("another person's, client's, issuer's or tool's key is another key (R94)", () =>
  withTools(async (scene) => {
    await scene.call();
    const others = [
      { principal: principal({ subject: "user-2" }) },
      { principal: principal({ clientId: "client-2" }) },
      { principal: principal({ issuer: "https://other.example" }) },
      { principal: principal({ kind: "client", clientId: "user-1" }) },
    ];
    for (const [index, other] of others.entries()) {
      assertEquals(said(await scene.call({}, other)), index + 2);
    }
    assertEquals(said(await scene.call({ confirm: true }, erase)), 6);
    assertEquals(said(await scene.call({}, { principal: principal({ tokenId: "token-2" }) })), 1);
  }));

test("a result is not given to a token that lacks the scope by now (R59)", () =>
  withTools(async (scene) => {
    await scene.call();
    const outcome = await scene.call({}, { principal: principal({ scopes: ["org:read"] }) });
    assertEquals(said(outcome), "insufficient_scope");
  }));

test("of two at once one runs, and the other waits for its result", () =>
  withTools(async (scene) => {
    const gate = Promise.withResolvers<unknown>();
    scene.handle = () => gate.promise;
    const first = scene.call();
    const second = scene.call();
    gate.resolve({ value: "done" });
    const outcomes = await Promise.all([first, second]);
    assertEquals(outcomes.map(said), ["done", "done"]);
    assertEquals(
      outcomes.filter((outcome) => outcome.ok && outcome.replayedFrom === undefined).length,
      1,
    );
    assertEquals(scene.events, ["intent", "ran"]);
  }));

test("one that takes longer is told that it is in progress, and other arguments at once", () =>
  withTools(async (scene) => {
    const gate = Promise.withResolvers<unknown>();
    const running = Promise.withResolvers<void>();
    scene.handle = () => {
      running.resolve();
      return gate.promise;
    };
    const first = scene.call();
    await running.promise;
    const second = await scene.call();
    assert(!second.ok);
    assertEquals([second.error.code, said(second)], ["conflict", "idempotency_in_progress"]);
    assertEquals(said(await scene.call({ text: "b" })), "idempotency_mismatch");
    gate.resolve({ value: "done" });
    assertEquals(said(await first), "done");
    assertEquals(said(await scene.call()), "done");
    assertEquals(runsOf(scene), 1);
  }));

test("a refusal that changed nothing leaves the key for another try", () =>
  withTools(async (scene) => {
    const succeed = scene.handle;
    for (const code of ["conflict", "not_found", "invalid_input", "not_supported"] as const) {
      scene.handle = () => Promise.reject(new AppError(code, "No"));
      assertEquals(said(await scene.call()), code);
    }
    scene.handle = succeed;
    assertEquals(said(await scene.call({ text: "mended" })), 1);
    assertEquals(runsOf(scene), 5);
  }));

test("a failure that may have had its effect is not tried again by itself", () =>
  withTools(async (scene) => {
    const failures: (() => Promise<unknown>)[] = [
      () => Promise.reject(new Error("boom")),
      () => Promise.reject(new AppError("unavailable", "Later")),
      () => Promise.resolve("breaks the output schema"),
      () => Promise.resolve({ value: "x".repeat(2 ** 21) }),
    ];
    for (const [index, failure] of failures.entries()) {
      scene.handle = failure;
      const input = { idempotencyKey: `key-${index}` };
      assertFalse((await scene.call(input)).ok);
      scene.handle = () => Promise.resolve({ value: "again" });
      const repeated = await scene.call(input);
      assert(!repeated.ok);
      assertEquals([repeated.error.code, said(repeated)], ["conflict", "idempotency_unknown"]);
    }
    assertEquals(runsOf(scene), failures.length);
  }));

test("what ends after the caller was told of a time-out is found by the next call", () =>
  withTools(async (scene) => {
    const gate = Promise.withResolvers<unknown>();
    scene.handle = () => gate.promise;
    assertEquals(said(await scene.call({}, slow)), "timeout");
    gate.resolve({ value: "late" });
    assertEquals(said(await scene.call({}, slow)), "late");
    assertEquals(runsOf(scene), 1);
  }));

test("a call whose process died is not run again, and nobody waits for it", () =>
  withTools(async (scene) => {
    scene.handle = () => new Promise(() => {});
    assertEquals(said(await scene.call({}, slow)), "timeout");
    scene.clock.time += 60_000 + 30;
    assertEquals(said(await scene.call({}, slow)), "idempotency_unknown");
    assertEquals(runsOf(scene), 1);
  }));

test("a call without its intent on record does not run, and the key is free", () =>
  withTools(async (scene) => {
    const record = scene.intend;
    scene.intend = () => Promise.reject(new AppError("unavailable", "Later"));
    assertEquals([said(await scene.call()), runsOf(scene)], ["unavailable", 0]);
    scene.intend = record;
    assertEquals(said(await scene.call({ text: "b" })), 1);
  }));

test("a caller whose access ends while the question is looked up runs nothing, and keeps no key", () =>
  withTools(async (scene) => {
    const controller = new AbortController();
    const revoked = new AppError("invalid_token", "Revoked", { reason: "client_revoked" });
    scene.onAsked = () => controller.abort(revoked);
    const { signal } = controller;
    assertEquals(said(await scene.call({ confirm: true }, { ...erase, signal })), "client_revoked");
    assertEquals(scene.events, ["asked"]);
    scene.onAsked = () => {};
    assertEquals(said(await scene.call({ confirm: true }, erase)), 1);
  }));

test("what was confirmed and done is answered again without a question", () =>
  withTools(async (scene) => {
    assertEquals(said(await scene.call({}, erase)), "confirmation_required");
    // The question takes no key: with other arguments it is another question.
    assertEquals(said(await scene.call({ text: "b" }, erase)), "confirmation_required");
    assertEquals(said(await scene.call({ confirm: true }, erase)), 1);
    assertEquals(scene.events, ["asked", "asked", "asked", "intent", "ran"]);
    scene.question = "Erase what is left?";
    for (const again of [{}, { confirm: true }]) {
      assertEquals(said(await scene.call(again, erase)), 1);
    }
    assertEquals(said(await scene.call({}, { ...erase, canAsk: true })), 1);
    assertEquals(scene.events.length, 5);
    assertEquals(
      said(await scene.call({ text: "b", confirm: true }, erase)),
      "idempotency_mismatch",
    );
  }));

test("a decline is not kept: who asks again is asked again", () =>
  withTools(async (scene) => {
    const answer = { action: "decline", question: "Erase it?" } as const;
    const declined = await scene.call({}, { ...erase, canAsk: true, answer });
    assertEquals(said(declined), "confirmation_declined");
    assertEquals(
      said(await scene.call({}, { ...erase, canAsk: true })),
      "confirmation_required",
    );
    assertEquals(runsOf(scene), 0);
  }));

test("a long result is remembered as done, without what it said", () =>
  withTools(async (scene) => {
    scene.handle = () => Promise.resolve({ value: "x".repeat(70_000) });
    assert((await scene.call()).ok);
    assertEquals(said(await scene.call()), "idempotency_result_gone");
    assertEquals(runsOf(scene), 1);
  }));

test("a result that cannot be kept is given all the same, and the log says so", () => {
  const wrap = (keys: IdempotencyStore) => ({
    ...keys,
    keep: () => Promise.reject(new Error("disk full")),
  });
  return withTools(async (scene) => {
    assertEquals(said(await scene.call()), 1);
    assertEquals(scene.logged.length, 1);
    assertEquals(said(await scene.call()), "idempotency_in_progress");
    assertEquals(runsOf(scene), 1);
  }, wrap);
});

test("a store that cannot tell lets nothing run with a key", () => {
  const unavailable = () => Promise.reject(new AppError("unavailable", "Later"));
  return withTools(async (scene) => {
    assertEquals(said(await scene.call()), "unavailable");
    assertEquals(scene.events, []);
    assertEquals(said(await scene.call({ idempotencyKey: undefined })), 1);
  }, (keys) => ({ ...keys, claim: unavailable }));
});

test("the store holds neither the key, nor an argument, nor a result that can be read", () => {
  const held: string[] = [];
  const wrap = (keys: IdempotencyStore): IdempotencyStore => ({
    ...keys,
    claim(claim) {
      held.push(JSON.stringify(claim));
      return keys.claim(claim);
    },
    keep(key, holder, outcome) {
      held.push(Buffer.from(outcome, "base64").toString("latin1"), outcome);
      return keys.keep(key, holder, outcome);
    },
  });
  return withTools(async (scene) => {
    scene.handle = () => Promise.resolve({ value: "hunter2" });
    await scene.call({ text: "ada@example.com" });
    const text = held.join("\n");
    assertEquals(held.length, 3);
    for (const secret of [KEY, "ada@", "hunter2", "user-1", "client-1", "make"]) {
      assertFalse(text.includes(secret), secret);
    }
  }, wrap);
});

test("a key is 1 to 128 visible characters of ASCII", () =>
  withTools(async (scene) => {
    for (const idempotencyKey of ["", "a b", "ü", "a\n", "x".repeat(129), 1, null]) {
      assertEquals(said(await scene.call({ idempotencyKey })), "invalid_input");
    }
    assertEquals(said(await scene.call({ idempotencyKey: "x".repeat(128) })), 1);
  }));
