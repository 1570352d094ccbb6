import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { openStore } from "../../store/mod.ts";
import { destructiveTools, firstOrganization, questionAbout } from "../support/destructive.ts";
import { createPipeline, legacyRequest, modernBody, modernRequest } from "../support/pipeline.ts";
import { readAnswer } from "../support/pipeline.ts";
import type { Pipeline, PipelineOptions } from "../support/pipeline.ts";

type Json = Record<string, unknown>;

interface Asked {
  readonly requestState: string;
  readonly inputRequests: Record<string, { method: string; params: Json }>;
}

interface Answer {
  readonly result?: Json;
  readonly error?: { readonly code: number; readonly message: string };
}

interface CallOptions {
  readonly token?: string;
  readonly name?: string;
  readonly input?: Json;
  /** What the client declares for elicitations; undefined for nothing. */
  readonly elicitation?: unknown;
  /** Members beside name and arguments. */
  readonly params?: Json;
}

interface Scene extends Pipeline {
  readonly deletions: { name: string; input: unknown }[];
  readonly target: { environmentId: string; organizationId: string };
  readonly question: string;
  token(claims?: Json): Promise<string>;
  /** Calls the tool as a client of 2026-07-28 that can ask its person, but for what a test changes. */
  call(options?: CallOptions): Promise<Answer>;
  ask(options?: CallOptions): Promise<Asked>;
}

const SCOPE = "env:read org:write";

async function withScene(
  work: (scene: Scene) => Promise<void>,
  options: PipelineOptions = {},
): Promise<void> {
  const deletions: Scene["deletions"] = [];
  const pipeline = await createPipeline({ tools: destructiveTools(deletions), ...options });
  const { workspace } = pipeline.store;
  const target = await firstOrganization(workspace);
  const question = await questionAbout(workspace, target.environmentId, target.organizationId);
  const token = (claims: Json = {}) =>
    pipeline.issuer.token({ claims: { scope: SCOPE, ...claims } });
  const call = async (changes: CallOptions = {}) => {
    const { name = "delete_organization", input = target, params } = changes;
    const elicitation = "elicitation" in changes ? changes.elicitation : { form: {} };
    const body = modernBody(name, input, {
      "io.modelcontextprotocol/clientCapabilities": elicitation === undefined
        ? {}
        : { elicitation },
    });
    Object.assign(body["params"] as Json, params);
    const request = modernRequest(changes.token ?? await token(), { body });
    return await readAnswer(await pipeline.handler(request, "::1")) as Answer;
  };
  const ask = async (changes?: CallOptions) => {
    const { result } = await call(changes);
    assertEquals(result?.["resultType"], "input_required");
    return result as unknown as Asked;
  };
  try {
    await work({ ...pipeline, deletions, target, question, token, call, ask });
  } finally {
    await pipeline.close();
  }
}

function answered(requestState: unknown, response: unknown = { action: "accept", content: {} }) {
  return { requestState, inputResponses: { confirmation: response } };
}

/** The error of a refused call. */
function refusalOf({ result }: Answer): Json {
  assertEquals(result?.["isError"], true);
  const [{ text }] = result!["content"] as [{ text: string }];
  return JSON.parse(text).error;
}

test("confirmation: a person is asked what would be destroyed, and nothing runs before the answer", () =>
  withScene(async ({ ask, call, target, question, deletions, records }) => {
    const { requestState, inputRequests } = await ask();
    assertEquals(inputRequests, {
      confirmation: {
        method: "elicitation/create",
        params: {
          mode: "form",
          message: question,
          requestedSchema: { type: "object", properties: {} },
        },
      },
    });
    assert(question.startsWith("Delete the organization ") && /\(\d+\)\?$/.test(question));
    assertEquals([deletions.length, records.at(-1)!.reason], [0, "confirmation_required"]);

    const { result } = await call({ params: answered(requestState) });
    assertEquals(result?.["structuredContent"], { deleted: true });
    assertEquals(deletions, [{ name: "delete_organization", input: target }]);
    assertEquals(records.at(-1)!.reason, "ok");
  }));

test("confirmation: who declines or turns away destroys nothing, and cannot be overruled (R86)", () =>
  withScene(async ({ ask, call, deletions, records }) => {
    for (const action of ["decline", "cancel"]) {
      const { requestState } = await ask();
      const refusal = refusalOf(await call({ params: answered(requestState, { action }) }));
      assertEquals(refusal["code"], "confirmation_declined");
      assertEquals(records.at(-1)!.reason, "confirmation_declined");
      const again = await call({ params: answered(requestState) });
      assertEquals(again.error?.code, -32602);
    }
    assertEquals(deletions, []);
  }));

test("confirmation: where a person can be asked, the word of a model is not taken", () =>
  withScene(async ({ ask, call, target, deletions }) => {
    const input = { ...target, confirm: true };
    const { requestState } = await ask({ input });
    assertEquals(deletions, []);
    await call({ input, params: answered(requestState) });
    assertEquals(deletions.map(({ input }) => input), [target], "the tool does not see it");
  }));

test("confirmation: an answer to nothing, or to something else, is not looked at (H195)", () =>
  withScene(async ({ ask, deletions }) => {
    const accept = { action: "accept", content: {} };
    const responses: readonly unknown[] = [
      undefined,
      {},
      [],
      { other: accept },
      { confirmations: accept, Confirmation: accept },
      { confirmation: "accept" },
      { confirmation: { action: "ACCEPT" } },
      { confirmation: { action: true } },
      { confirmation: { result: accept } },
      { confirmation: { roots: [] } },
    ];
    for (const inputResponses of responses) {
      const { requestState } = await ask();
      await ask({ params: { requestState, inputResponses } });
    }
    await ask({ params: { inputResponses: { confirmation: accept } } });
    assertEquals(deletions, []);
  }));

test("confirmation: an answer is good for one call of one caller, unchanged (R86, H194)", () =>
  withScene(async ({ ask, call, token, target, deletions, records }) => {
    const { requestState } = await ask();
    const [version, body = "", mac = ""] = requestState.split(".");
    const forged = btoa(JSON.stringify({
      ...JSON.parse(atob(body.replaceAll("-", "+").replaceAll("_", "/"))),
      exp: 9_999_999_999,
    })).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const states: readonly unknown[] = [
      `${version}.${forged}.${mac}`,
      `${version}.${body}.${mac[0] === "A" ? "B" : "A"}${mac.slice(1)}`,
      `${version}.${body}.`,
      `${version}.${body}`,
      `v0.${body}.${mac}`,
      `${body}.${mac}`,
      requestState.slice(0, -4),
      requestState.slice(1),
      `${requestState}.${mac}`,
      "v1.e30.",
      "eyJhbGciOiJub25lIn0.e30.",
      "v0.",
      "x",
      "",
      7,
      null,
      {},
      [requestState],
      "v1." + "A".repeat(100_000) + "." + mac,
    ];
    const others: readonly CallOptions[] = [
      ...states.map((state) => ({ params: answered(state) })),
      { token: await token({ sub: "user-2" }) },
      { token: await token({ client_id: "client-2" }) },
      { token: await token({ sub: "client-1" }) },
      { name: "delete_organization_users" },
      { input: { ...target, organizationId: "org_1" } },
      { input: { ...target, confirm: true } },
      { input: {} },
    ];
    for (const changes of others) {
      const answer = await call({ params: answered(requestState), ...changes });
      assertEquals(answer.error?.code, -32602, JSON.stringify(changes).slice(0, 200));
      assertNotEquals(records.at(-1)!.reason, "ok");
    }
    assertEquals(deletions, []);
    // None of that has used it up.
    await call({ params: answered(requestState) });
    assertEquals(deletions.length, 1);
  }));

test("confirmation: the answer comes with the same arguments, in whatever order they stand", () =>
  withScene(async ({ ask, call, target, deletions }) => {
    const { requestState } = await ask();
    const input = Object.fromEntries(Object.entries(target).reverse());
    await call({ input, params: answered(requestState) });
    assertEquals(deletions.length, 1);
  }));

test("confirmation: an answer is good once, also for two that come together (R86, H194)", () =>
  withScene(async ({ ask, call, deletions, records }) => {
    const { requestState } = await ask();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call({ params: answered(requestState) })),
    );
    assertEquals(deletions.length, 1);
    assertEquals(answers.filter(({ error }) => error?.code === -32602).length, 7);
    const late = await call({ params: answered(requestState) });
    assertEquals([late.error?.code, deletions.length], [-32602, 1]);
    assertEquals(records.at(-1)!.reason, "request_state");
  }));

test("confirmation: an answer that takes longer than ten minutes is too late (R86, H194)", async () => {
  const time = { offset: 0 };
  const now = () => new Date(Date.now() + time.offset);
  await withScene(async ({ ask, call, deletions }) => {
    const { requestState } = await ask();
    time.offset = 601_000;
    const { error } = await call({ params: answered(requestState) });
    assertEquals([error?.code, deletions.length], [-32602, 0]);
    assertEquals(
      error?.message,
      "The requestState is not good for this call; call again without it",
    );
  }, { now });
});

test("confirmation: another key, or a store that cannot tell replays, lets nothing run (R86)", async () => {
  const gone = await openStore("sqlite::memory:", { now: () => new Date() });
  await gone.close();
  const key = new Uint8Array(32).fill(7);
  let requestState = "";
  await withScene(async ({ ask }) => {
    ({ requestState } = await ask());
  }, { confirmation: { key } });
  for (const confirmation of [{}, { key, replay: gone.replay }]) {
    await withScene(async ({ call, deletions, unexpected }) => {
      const { error } = await call({ params: answered(requestState) });
      assertEquals([error?.code, deletions.length], [-32602, 0]);
      assertEquals(unexpected.length, "replay" in confirmation ? 1 : 0, "the log knows");
    }, { confirmation });
  }
});

test("confirmation: what has changed since the question is asked about again", () =>
  withScene(async ({ ask, call, target, question, store, deletions }) => {
    const { requestState } = await ask();
    await store.workspace.createOrganizationUser(target.environmentId, target.organizationId, {
      email: "late@halden.example",
      roles: ["member"],
    });
    const again = await ask({ params: answered(requestState) });
    assertNotEquals(again.inputRequests["confirmation"]!.params["message"], question);
    assertEquals(deletions, []);
    await call({ params: answered(again.requestState) });
    assertEquals(deletions.length, 1);
  }));

test("confirmation: nobody is asked about a call that could not run", () =>
  withScene(async ({ call, token, target, deletions }) => {
    const organizationId = "org_1";
    const missing = refusalOf(await call({ input: { ...target, organizationId } }));
    assertEquals(missing["code"], "not_found");
    const malformed = refusalOf(await call({ input: { ...target, confirm: "yes" } }));
    assertEquals(malformed["code"], "invalid_input");
    const refused = await call({ token: await token({ scope: "org:read" }) }) as Json;
    assertEquals(refused["error"], "insufficient_scope");
    assertEquals(deletions, []);
  }));

test("confirmation: a client that takes forms for its person is asked, no other", () =>
  withScene(async ({ call, deletions }) => {
    for (const elicitation of [{}, { form: {} }, { form: {}, url: {} }]) {
      const { result } = await call({ elicitation });
      assertEquals(result?.["resultType"], "input_required", JSON.stringify(elicitation));
    }
    for (const elicitation of [undefined, { url: {} }]) {
      const refusal = refusalOf(await call({ elicitation }));
      assertEquals(refusal["code"], "confirmation_required", JSON.stringify(elicitation));
    }
    assertEquals(deletions, []);
  }));

for (const era of ["modern", "legacy"] as const) {
  test(`confirmation (${era}): who cannot be asked is told the question, and repeats the call with confirm`, () =>
    withScene(async (scene) => {
      const { target, question, deletions, records } = scene;
      const call = async (input: Json): Promise<Answer> => {
        if (era === "modern") return await scene.call({ input, elicitation: undefined });
        const request = legacyRequest(await scene.token(), "tools/call", {
          name: "delete_organization",
          arguments: input,
          // Nothing can be asked back here, whatever the client says.
          _meta: { "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } } },
        });
        return await readAnswer(await scene.handler(request, "::1")) as Answer;
      };
      for (const input of [target, { ...target, confirm: false }]) {
        const refusal = refusalOf(await call(input));
        assertEquals(refusal["code"], "confirmation_required");
        const message = refusal["message"] as string;
        assert(message.startsWith(question) && message.endsWith("and confirm: true"));
        assertEquals(records.at(-1)!.reason, "confirmation_required");
      }
      assertEquals(deletions, []);
      const { result } = await call({ ...target, confirm: true });
      assertEquals(result?.["structuredContent"], { deleted: true });
      assertEquals(deletions.map(({ input }) => input), [target]);
      const bad = refusalOf(await call({ ...target, organizationId: "org_1", confirm: true }));
      assertEquals([bad["code"], deletions.length], ["not_found", 1]);
    }));

  test(`confirmation (${era}): a state from elsewhere is refused, whatever the tool (H194)`, () =>
    withScene(async ({ handler, token, target, deletions }) => {
      for (const requestState of ["v0.", "v1.e30.e30", ""]) {
        const params = { name: "delete_organization", arguments: { ...target, confirm: true } };
        const request = era === "legacy"
          ? legacyRequest(await token(), "tools/call", { ...params, requestState })
          : modernRequest(await token(), {
            body: mergeParams(modernBody(params.name, params.arguments), { requestState }),
          });
        const { error } = await readAnswer(await handler(request, "::1")) as Answer;
        assertEquals([error?.code, deletions.length], [-32602, 0]);
      }
    }));
}

test("confirmation: the list says which tools take it", () =>
  withScene(async ({ handler, token }) => {
    const request = legacyRequest(await token(), "tools/list", {});
    const { result } = await readAnswer(await handler(request, "::1")) as Answer;
    const [tool] = result!["tools"] as [{ inputSchema: Json; annotations: Json }];
    const { properties, required } = tool.inputSchema as { properties: Json; required: string[] };
    assertEquals((properties["confirm"] as Json)["type"], "boolean");
    assertFalse(required.includes("confirm"));
    assertEquals(tool.inputSchema["additionalProperties"], false);
    assertEquals(tool.annotations["destructiveHint"], true);
  }));

function mergeParams(body: Json, params: Json): Json {
  return { ...body, params: { ...body["params"] as Json, ...params } };
}
