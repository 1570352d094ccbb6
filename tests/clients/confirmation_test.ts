import { test } from "node:test";
import { Client as FormerClient } from "@modelcontextprotocol/sdk/client";
// The package names its types for the import without an extension, and its code for the one with.
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport as FormerTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { ClientOptions, VersionNegotiationMode } from "@modelcontextprotocol/client";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { needsNode, runChild, startChild, withDirectory } from "./child.ts";
import { decisions, NAME, withDestructive } from "./destructive.ts";
import type { DestructiveScene } from "./destructive.ts";
import { until } from "./scene.ts";
import { withStdioHost } from "./stdio_host.ts";

type Action = "accept" | "decline" | "cancel";
/** Answers the question of a person's client. */
type Person = (message: string) => Promise<{ action: Action; content?: Record<string, never> }>;

async function withClient(
  { url, token }: DestructiveScene,
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
      assertEquals(decisions(scene), [
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
      await until(() => decisions(scene).length === 1);
      assertEquals(decisions(scene), ["200 confirmation_required"]);
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

for (const era of ["legacy", "modern"] as const) {
  test(
    `inspector (${era}): its command line cannot ask, and repeats the call with confirm`,
    needsNode,
    () =>
      withDestructive(async ({ url, token, target, question, deletions }) => {
        const inspect = async (input: Record<string, unknown>) => {
          let finished = { code: null as number | null, stdout: "" };
          await withDirectory(async (home) => {
            finished = await runChild({
              script: "@modelcontextprotocol/inspector/clients/launcher/build/index.js",
              home,
              args: [
                ...["--cli", "--server-url", url, "--transport", "http", "--protocol-era", era],
                ...["--format", "json", "--quiet", "--stored-auth-only"],
                ...["--header", `Authorization: Bearer ${token}`, "--method", "tools/call"],
                ...["--tool-name", NAME, "--tool-args-json", JSON.stringify(input)],
              ],
            });
          });
          return { code: finished.code, result: JSON.parse(finished.stdout).result };
        };
        const { code, result } = await inspect(target);
        assertEquals([code, deletions.length], [5, 0]);
        assert(errorOf(result).message.startsWith(question));
        const done = await inspect({ ...target, confirm: true });
        assertEquals([done.code, done.result.structuredContent], [0, { deleted: true }]);
        assertEquals(deletions.map(({ input }) => input), [target]);
      }),
  );
}

for (const action of ["accept", "decline"] as const) {
  test(
    `mcp-remote: hands the question on to a host of 2025-11-25, whose person says ${action}`,
    needsNode,
    () =>
      withDestructive((scene) =>
        withDirectory(async (home) => {
          const { url, token, target, question, deletions } = scene;
          const header = ["--header", `Authorization: Bearer ${token}`];
          const args = [url, "--transport", "http-only", "--protocol", "auto", ...header];
          const start = () => startChild({ script: "mcp-remote/dist/proxy.js", args, home });
          await withStdioHost(start, async (host) => {
            await host.request("initialize", {
              protocolVersion: "2025-11-25",
              capabilities: { elicitation: { form: {} } },
              clientInfo: { name: "host", version: "1" },
            });
            host.notify("notifications/initialized");
            const asked: unknown[] = [];
            host.onRequest((method, { message }) => {
              asked.push([method, message]);
              return { action, ...(action === "accept" ? { content: {} } : {}) };
            });
            const call = { name: NAME, arguments: target };
            const { result } = await host.request("tools/call", call);
            assertEquals(asked, [["elicitation/create", question]]);
            if (action === "decline") {
              assertEquals([errorOf(result).code, deletions.length], ["confirmation_declined", 0]);
            } else {
              assertEquals([result.structuredContent, deletions.length], [{ deleted: true }, 1]);
            }
          });
        })
      ),
  );
}
