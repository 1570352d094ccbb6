import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { Client as FormerClient } from "@modelcontextprotocol/sdk/client";
// The package names its types for the import without an extension, and its code for the one with.
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport as FormerTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { ClientOptions, VersionNegotiationMode } from "@modelcontextprotocol/client";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createScopePolicy } from "../../auth/scopes.ts";
import { createMcp } from "../../http/mcp.ts";
import { openStore } from "../../store/mod.ts";
import { createExecutor } from "../../tools/execute.ts";
import { createRegistry } from "../../tools/registry.ts";
import { destructiveTools, firstOrganization, questionAbout } from "../support/destructive.ts";
import { decisionsOn, until, withIssuer } from "./scene.ts";
import type { IssuerScene } from "./scene.ts";

const NAME = "delete_organization";

interface Scene extends IssuerScene {
  readonly token: string;
  readonly target: { environmentId: string; organizationId: string };
  readonly question: string;
  /** The inputs of the deletions that ran. */
  readonly deletions: readonly { readonly input: unknown }[];
}

/** Runs a test against a server that has tools which destroy. */
async function withDestructive(run: (scene: Scene) => Promise<void>): Promise<void> {
  const now = () => new Date();
  const store = await openStore("sqlite::memory:", { now });
  const deletions: { name: string; input: unknown }[] = [];
  const policy = createScopePolicy();
  const registry = createRegistry(destructiveTools(deletions), policy);
  const { workspace } = store;
  const mcp = createMcp({
    name: "gatehouse",
    version: "0.0.0",
    instructions: "Delete nothing.",
    registry,
    policy,
    visibility: "all",
    execute: createExecutor({ registry, policy, workspace, now, log: () => {} }),
    confirmation: { key: randomBytes(32), replay: store.replay, now },
    onUnexpected: () => {},
  });
  const target = await firstOrganization(workspace);
  const question = await questionAbout(workspace, target.environmentId, target.organizationId);
  try {
    await withIssuer(async (scene) => {
      const token = await scene.issuer.token({ claims: { scope: "env:read org:write" } });
      await run({ ...scene, token, target, question, deletions });
    }, mcp);
  } finally {
    await store.close();
  }
}

type Action = "accept" | "decline" | "cancel";
/** Answers the question of a person's client. */
type Person = (message: string) => Promise<{ action: Action; content?: Record<string, never> }>;

async function withClient(
  { url, token }: Scene,
  mode: VersionNegotiationMode,
  person: Person | undefined,
  run: (client: Client) => Promise<void>,
): Promise<void> {
  const options: ClientOptions = {
    versionNegotiation: { mode },
    capabilities: person ? { elicitation: { form: {} } } : {},
  };
  const client = new Client({ name: "test", version: "1" }, options);
  if (person) {
    client.setRequestHandler("elicitation/create", ({ params }) => person(params.message));
  }
  const authProvider = { token: () => Promise.resolve(token) };
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
    // With the list the client knows the schemas, and holds arguments and results against them.
    await client.listTools();
    await run(client);
  } finally {
    await client.close();
  }
}

/** A person who keeps what was asked. */
function personWho(action: Action, asked: string[]): Person {
  return (message) => {
    asked.push(message);
    return Promise.resolve({ action, ...(action === "accept" ? { content: {} } : {}) });
  };
}

// deno-lint-ignore no-explicit-any -- the results of three clients, which have types of their own
function errorOf(result: any): { code: string; message: string } {
  assertEquals(result.isError, true);
  return JSON.parse(result.content[0].text).error;
}

for (const [title, mode] of [["auto", "auto"], ["pinned", { pin: "2026-07-28" }]] as const) {
  test(`v2 client (${title}): asks its person, and the tool runs after the yes`, () =>
    withDestructive(async (scene) => {
      const asked: string[] = [];
      await withClient(scene, mode, personWho("accept", asked), async (client) => {
        const { structuredContent } = await client.callTool({
          name: NAME,
          arguments: scene.target,
        });
        assertEquals(structuredContent, { deleted: true });
      });
      assertEquals([asked, scene.deletions.length], [[scene.question], 1]);
      assertEquals(decisionsOn(scene.server, "unknown"), [
        "200 confirmation_required",
        "200 ok",
      ]);
    }));

  test(`v2 client (${title}): a person who says no ends it, whatever the model set`, () =>
    withDestructive(async (scene) => {
      for (const action of ["decline", "cancel"] as const) {
        await withClient(scene, mode, personWho(action, []), async (client) => {
          const input = { ...scene.target, confirm: true };
          const result = await client.callTool({ name: NAME, arguments: input });
          assertEquals(errorOf(result).code, "confirmation_declined");
        });
      }
      assertEquals(scene.deletions, []);
    }));

  test(`v2 client (${title}): one that dies over the question leaves nothing behind`, () =>
    withDestructive(async (scene) => {
      const person: Person = () => Promise.reject(new Error("crash"));
      await withClient(scene, mode, person, async (client) => {
        await assertRejects(() => client.callTool({ name: NAME, arguments: scene.target }));
      });
      // Nothing waits on the server: the call has ended, and the next one begins from the start.
      await until(() => decisionsOn(scene.server, "unknown").length === 1);
      assertEquals(decisionsOn(scene.server, "unknown"), ["200 confirmation_required"]);
      assertEquals(scene.deletions, []);
      const asked: string[] = [];
      await withClient(scene, mode, personWho("accept", asked), async (client) => {
        await client.callTool({ name: NAME, arguments: scene.target });
      });
      assertEquals([asked.length, scene.deletions.length], [1, 1]);
    }));
}

test("v2 client (without elicitation): repeats the call after it has asked in its own way", () =>
  withDestructive(async (scene) => {
    for (const mode of ["legacy", "auto"] as const) {
      const before = scene.deletions.length;
      await withClient(scene, mode, undefined, async (client) => {
        const call = (input: Record<string, unknown>) =>
          client.callTool({ name: NAME, arguments: input });
        const { code, message } = errorOf(await call(scene.target));
        assertEquals(code, "confirmation_required");
        assert(message.startsWith(scene.question));
        assertEquals(scene.deletions.length, before);
        const { structuredContent } = await call({ ...scene.target, confirm: true });
        assertEquals(structuredContent, { deleted: true });
      });
      assertEquals(scene.deletions.slice(before).map(({ input }) => input), [scene.target]);
    }
  }));

test("v1 client: repeats the call with confirm, also where it could ask a person of a session", () =>
  withDestructive(async ({ url, token, target, question, deletions }) => {
    const capabilities = { elicitation: { form: {} } };
    const client = new FormerClient({ name: "test", version: "1" }, { capabilities });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    const transport = new FormerTransport(new URL(url), { requestInit });
    try {
      // Its own types do not fit each other under exactOptionalPropertyTypes.
      await client.connect(transport as Parameters<FormerClient["connect"]>[0]);
      await client.listTools();
      const { code, message } = errorOf(await client.callTool({ name: NAME, arguments: target }));
      assertEquals(code, "confirmation_required");
      assert(message.startsWith(question));
      assertEquals(deletions, []);
      const input = { ...target, confirm: true };
      const { structuredContent } = await client.callTool({ name: NAME, arguments: input });
      assertEquals([structuredContent, deletions.length], [{ deleted: true }, 1]);
    } finally {
      await client.close();
    }
  }));
