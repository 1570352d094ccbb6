/** A server of 2025-11-25 with sessions, through `gatehouse connect`: questions back, its own stream, and the end. */

import { test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client";
// @ts-types="@modelcontextprotocol/sdk/client/stdio"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
// @ts-types="@modelcontextprotocol/sdk/types"
import {
  ElicitRequestSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { bridgeCommand } from "./bridge.ts";
import { until } from "./scene.ts";
import { withSessionServer } from "./session_server.ts";
import type { SessionServer } from "./session_server.ts";

const TIMEOUT = { timeout: 30_000 };

async function withClient(
  server: SessionServer,
  run: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ name: "test", version: "1" }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
    action: "accept",
    content: { name: `answer to ${params.message}` },
  }));
  const transport = new StdioClientTransport(bridgeCommand({ url: server.url }));
  try {
    await client.connect(transport as Parameters<Client["connect"]>[0]);
    await run(client);
  } finally {
    await client.close();
  }
}

test(
  "a question of the server reaches the host, and its answer the server",
  TIMEOUT,
  () =>
    withSessionServer((server) =>
      withClient(server, async (client) => {
        // deno-lint-ignore no-explicit-any -- the content of a text result
        const { content } = await client.callTool({ name: "ask", arguments: {} }) as any;
        assertEquals(JSON.parse(content[0].text), {
          action: "accept",
          content: { name: "answer to Your name?" },
        });
      })
    ),
);

test(
  "what the server says on its own reaches the host, and the session ends with it",
  TIMEOUT,
  () =>
    withSessionServer(async (server) => {
      let changes = 0;
      await withClient(server, async (client) => {
        client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
        await until(() => server.listeners === 1);
        assertEquals(server.sessions.size, 1);
        for (const session of server.sessions.values()) session.sendToolListChanged();
        await until(() => changes === 1);
      });
      assertEquals(server.events, ["deleted"]);
      assertEquals(server.sessions.size, 0);
    }),
);

test(
  "cancelling reaches the handler of a server that does not take closing for it",
  TIMEOUT,
  () =>
    withSessionServer((server) =>
      withClient(server, async (client) => {
        const left = new AbortController();
        const call = client.callTool({ name: "wait", arguments: {} }, undefined, {
          signal: left.signal,
        });
        await until(() => server.events.includes("waiting"));
        left.abort("enough");
        await assertRejects(() => call);
        await until(() => server.events.includes("cancelled"));
        assertEquals((await client.listTools()).tools.length, 2);
      })
    ),
);

test(
  "a session that the server has lost is told to the host",
  TIMEOUT,
  () =>
    withSessionServer(async (server) => {
      await withClient(server, async (client) => {
        await client.listTools();
        server.forget();
        const error = await assertRejects(() => client.listTools(), Error);
        assertStringIncludes(error.message, "has ended this session");
      });
      assertEquals(server.events, [], "what is gone is not deleted");
    }),
);
