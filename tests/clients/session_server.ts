/** A server of 2025-11-25 that keeps sessions, built with the v1 SDK: it asks its client back and talks on its own. */

// The package names its types for the import without an extension, and its code for the one with.
// @ts-types="@modelcontextprotocol/sdk/server/mcp"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
// @ts-types="@modelcontextprotocol/sdk/server/webStandardStreamableHttp"
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { listen } from "../../http/listen.ts";

export interface SessionServer {
  readonly url: string;
  /** The sessions that are open. */
  readonly sessions: ReadonlyMap<string, McpServer>;
  /** What happened to calls of `wait`, and to sessions. */
  readonly events: readonly string[];
  /** How many streams of the server's own are open. */
  readonly listeners: number;
  /** Drops all sessions as a restart does. */
  forget(): void;
}

/** Runs a test against such a server, which wants no token. */
export async function withSessionServer(
  test: (server: SessionServer) => Promise<void>,
): Promise<void> {
  const sessions = new Map<string, McpServer>();
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const events: string[] = [];
  let listeners = 0;

  async function open(): Promise<WebStandardStreamableHTTPServerTransport> {
    const server = createServer(events);
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => {
        sessions.set(id, server);
        transports.set(id, transport);
      },
      onsessionclosed: (id) => {
        events.push("deleted");
        sessions.delete(id);
        transports.delete(id);
      },
    });
    // Its own types do not fit each other under exactOptionalPropertyTypes.
    await server.connect(transport as Parameters<McpServer["connect"]>[0]);
    return transport;
  }

  const listener = listen({
    host: "127.0.0.1",
    port: 0,
    async handler(request) {
      const id = request.headers.get("mcp-session-id");
      const known = id === null ? await open() : transports.get(id);
      if (known === undefined) return new Response(null, { status: 404 });
      const response = await known.handleRequest(request);
      if (request.method === "GET" && response.ok) listeners += 1;
      return response;
    },
  });
  try {
    await test({
      url: `http://127.0.0.1:${listener.port}/mcp`,
      sessions,
      events,
      get listeners() {
        return listeners;
      },
      forget() {
        sessions.clear();
        transports.clear();
      },
    });
  } finally {
    for (const server of sessions.values()) await server.close();
    await listener.stop(100);
  }
}

function createServer(events: string[]): McpServer {
  const server = new McpServer({ name: "sessions", version: "1" }, {
    capabilities: { logging: {}, tools: { listChanged: true } },
  });
  server.registerTool("ask", { description: "Asks the person" }, async () => {
    const answer = await server.server.elicitInput({
      message: "Your name?",
      requestedSchema: { type: "object", properties: { name: { type: "string" } } },
    });
    return { content: [{ type: "text", text: JSON.stringify(answer) }] };
  });
  server.registerTool("wait", { description: "Waits to be cancelled" }, async (extra) => {
    events.push("waiting");
    await new Promise<void>((resolve) =>
      extra.signal.addEventListener("abort", () => resolve(), { once: true })
    );
    events.push("cancelled");
    return { content: [] };
  });
  return server;
}
