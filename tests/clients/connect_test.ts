/** The SDKs' stdio clients reach the real server through `gatehouse connect`, in both eras. */

import { test } from "node:test";
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client";
// @ts-types="@modelcontextprotocol/sdk/client/stdio"
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { bridgeCommand } from "./bridge.ts";
import type { BridgeStart } from "./bridge.ts";
import { decisionsOn, until, withEmbedded } from "./scene.ts";
import type { Scene } from "./scene.ts";

// deno-lint-ignore no-explicit-any -- each tool has its own output, which the tests spell out
type Output = any;

/** What the tests do with a client, whichever it is. */
interface AnyClient {
  tools(): Promise<string[]>;
  call(
    name: string,
    input?: Record<string, unknown>,
    options?: { onprogress?: (step: { progress: number }) => void; signal?: AbortSignal },
  ): Promise<Output>;
}

type Connect = (start: BridgeStart, run: (client: AnyClient) => Promise<void>) => Promise<void>;

const withV1: Connect = async (start, run) => {
  const client = new ClientV1({ name: "test", version: "1" });
  try {
    await client.connect(new StdioV1(bridgeCommand(start)) as Parameters<ClientV1["connect"]>[0]);
    await run({
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: (name, input = {}, options = {}) =>
        client.callTool({ name, arguments: input }, undefined, options),
    });
  } finally {
    await client.close();
  }
};

const withV2 = (mode: "legacy" | { pin: string }): Connect => async (start, run) => {
  const client = new ClientV2({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  try {
    await client.connect(new StdioV2(bridgeCommand(start)));
    await run({
      tools: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: (name, input = {}, options = {}) =>
        client.callTool({ name, arguments: input }, options),
    });
  } finally {
    await client.close();
  }
};

const CLIENTS: readonly (readonly [string, Connect, "legacy" | "modern"])[] = [
  ["v1 client", withV1, "legacy"],
  ["v2 client, 2025-11-25", withV2("legacy"), "legacy"],
  ["v2 client, 2026-07-28", withV2({ pin: "2026-07-28" }), "modern"],
];
const TIMEOUT = { timeout: 30_000 };

function people(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    email: `person${index + 1}@halden.example`,
    roles: ["member"],
  }));
}

async function firstIds(client: AnyClient) {
  const { environments } = (await client.call("list_environments")).structuredContent;
  const environmentId = environments[0].id;
  const { organizations } =
    (await client.call("list_organizations", { environmentId })).structuredContent;
  return { environmentId, organizationId: organizations[0].id };
}

function erasOfCalls({ server }: Scene): readonly unknown[] {
  const calls = server.lines.filter(({ properties }) => properties["rpcMethod"] === "tools/call");
  return [...new Set(calls.map(({ properties }) => properties["era"]))];
}

for (const [title, connect, era] of CLIENTS) {
  test(
    `${title} through connect: lists, calls, and steps up by itself`,
    TIMEOUT,
    () =>
      withEmbedded(async (scene) => {
        const { url, server, addClient } = scene;
        const credentials = await addClient("robot", "env:read org:write");
        await connect({ url, credentials }, async (client) => {
          const names = await client.tools();
          assert(names.includes("list_organizations"));
          assert(!names.includes("list_workspace_members"), "it has no wks:read");
          const { subject } = (await client.call("whoami")).structuredContent;
          assertEquals(subject, credentials.client_id);
          const { environmentId } = await firstIds(client);
          const created = await client.call("create_organization", {
            environmentId,
            displayName: "Robots United",
          });
          assertEquals(created.structuredContent.displayName, "Robots United");
          assertEquals(decisionsOn(server, "create_organization"), [
            "403 insufficient_scope",
            "200 ok",
          ]);
        });
        assertEquals(erasOfCalls(scene), [era]);
      }),
  );

  test(
    `${title} through connect: a refusal says which scopes are missing, and nothing was done`,
    TIMEOUT,
    () =>
      withEmbedded(async ({ url, server, addClient }) => {
        const credentials = await addClient("reader", "env:read org:read");
        await connect({ url, credentials }, async (client) => {
          const { environmentId } = await firstIds(client);
          const input = { environmentId, displayName: "Nope" };
          const error: Output = await assertRejects(() =>
            client.call("create_organization", input)
          );
          assertStringIncludes(error.message, "Missing scopes: org:write");
          assertEquals(error.code, -32000);
          assertEquals(error.data.missing_scopes, ["org:write"]);
          assertEquals(decisionsOn(server, "create_organization"), ["403 insufficient_scope"]);
          const found = await client.call("list_organizations", { environmentId, search: "Nope" });
          assertEquals(found.structuredContent.totalSize, 0);
        });
      }),
  );

  test(
    `${title} through connect: progress arrives, and who cancels stops the handler`,
    TIMEOUT,
    () =>
      withEmbedded(async ({ url, server, addClient }) => {
        const credentials = await addClient("importer", "env:read org:write");
        const args = ["--scopes", "env:read org:write"];
        await connect({ url, credentials, args }, async (client) => {
          const ids = await firstIds(client);
          const progress: number[] = [];
          const { structuredContent } = await client.call(
            "import_organization_users",
            { ...ids, users: people(60) },
            { onprogress: (step) => void progress.push(step.progress) },
          );
          assertEquals(structuredContent, { completed: true, addedCount: 60, failedRows: [] });
          // The host may see a result before a progress that it dropped; what came is in order.
          assertEquals(progress, [25, 50, 60].slice(0, progress.length));
          assertEquals(progress[0], 25);

          const left = new AbortController();
          await assertRejects(() =>
            client.call("import_organization_users", { ...ids, users: people(500) }, {
              signal: left.signal,
              onprogress: () => left.abort("enough"),
            })
          );
          const stopped = () =>
            server.lines.find(({ message }) => message === "import stopped early");
          await until(() => stopped() !== undefined);
          assertLess(stopped()!.properties["addedCount"] as number, 500);
          assertEquals((await client.call("whoami")).isError ?? false, false);
        });
      }),
  );
}

test(
  "many requests at once keep their ids, with one token between them",
  TIMEOUT,
  () =>
    withEmbedded(async ({ url, addClient }) => {
      const credentials = await addClient("robot", "env:read");
      await withV1({ url, credentials }, async (client) => {
        const answers = await Promise.all(
          Array.from({ length: 60 }, (_, index) =>
            index % 2 === 0
              ? client.call("whoami")
              : client.call("get_environment_details", { environmentId: `env_${index}` })),
        );
        answers.forEach((answer, index) => {
          if (index % 2 === 0) {
            assertEquals(answer.structuredContent.clientId, credentials.client_id);
          } else assertStringIncludes(answer.content[0].text, "not_found");
        });
      });
    }),
);
