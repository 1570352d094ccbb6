import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import {
  createMcpHandler,
  McpServer,
  OAuthError,
  OAuthErrorCode,
  oauthMetadataResponse,
  requireBearerAuth,
} from "@modelcontextprotocol/server";
// The package names its types for the import without an extension, and its code for the one with.
// @ts-types="@modelcontextprotocol/sdk/server/mcp"
import { McpServer as V1Server } from "@modelcontextprotocol/sdk/server/mcp.js";
// @ts-types="@modelcontextprotocol/sdk/server/streamableHttp"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { listen } from "../../../http/listen.ts";
import { freePort } from "../../support/server.ts";
import { examine } from "./scene.ts";

const VALID = "valid-token-of-the-test-0123456789";

/** A server as the SDK's guide for resource servers has it, and nothing else. */
async function withSdkServer(work: (url: string) => Promise<void>): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/mcp`;
  const mcp = createMcpHandler(() => {
    const server = new McpServer({ name: "guide", version: "1" });
    server.registerTool("status", {
      description: "Says how the database is doing, as a failing example.",
      inputSchema: z.object({}),
      annotations: { readOnlyHint: true },
    }, () => {
      throw new Error("cannot connect to postgres://admin:hunter2@db.internal/main");
    });
    return server;
  });
  const gate = requireBearerAuth({
    verifier: {
      verifyAccessToken(token) {
        if (token !== VALID) throw new OAuthError(OAuthErrorCode.InvalidToken, "Unknown token");
        const expiresAt = Math.floor(Date.now() / 1000) + 300;
        return Promise.resolve({ token, clientId: "c", scopes: ["a"], expiresAt });
      },
    },
    resourceMetadataUrl: `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`,
  });
  const issuer = "http://127.0.0.1:1";
  const metadata = {
    oauthMetadata: {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      response_types_supported: ["code"],
    },
    resourceServerUrl: new URL(url),
  };
  const listener = listen({
    host: "127.0.0.1",
    port,
    handler: async (request) => {
      const published = oauthMetadataResponse(request, metadata);
      if (published) return published;
      const authInfo = await gate(request);
      return authInfo instanceof Response ? authInfo : await mcp.fetch(request, { authInfo });
    },
  });
  try {
    await work(url);
  } finally {
    await listener.stop(1000);
    await mcp.close();
  }
}

test("a server as the SDK's guide has it: the known holes are found", () =>
  withSdkServer(async (url) => {
    const { finished, result } = await examine(url, [], [VALID]);
    const holes: Readonly<Record<string, readonly [string, RegExp]>> = {
      "challenge-no-error": ["warn", /invalid_token/],
      "metadata-root": ["warn", /404|401/],
      "metadata-bearer-methods": ["warn", /absent/],
      "refusal-no-store": ["warn", /absent/],
      "cors-preflight": ["warn", /401/],
      "credential-joined": ["fail", /200/],
      "credential-trailing": ["fail", /200/],
      "credential-query": ["fail", /200/],
      "origin-foreign": ["fail", /200/],
      "host-foreign": ["fail", /200/],
      "message-batch": ["fail", /200/],
      "message-charset": ["warn", /200/],
      "message-encoding": ["warn", /200/],
      "message-duplicate-keys": ["warn", /200/],
      "calls-errors": ["fail", /status told a connection string/],
      "issuer-metadata": ["fail", /Nothing listens/],
      // Bun refuses the one and keeps but one of the other before any code sees them.
      ...("Bun" in globalThis ? {} : {
        "credential-twice": ["fail", /200/],
        "host-userinfo": ["fail", /200/],
      }),
    };
    const found = Object.entries(holes).filter(([id, [status, seen]]) => {
      const { status: was, seen: text = "" } = result(id);
      return was !== status || !seen.test(text);
    }).map(([id]) => result(id));
    assertEquals(found, []);
    assertEquals(finished.code, 1);
    for (const sound of ["auth-required", "challenge-bearer", "metadata-resource", "era-any"]) {
      assertEquals(result(sound).status, "pass", sound);
    }
  }));

test("the same server without a token: what cannot be seen is a skip or a warning, never a pass", () =>
  withSdkServer(async (url) => {
    const { result } = await examine(url);
    for (const id of ["credential-joined", "credential-query", "message-batch", "calls-errors"]) {
      assertEquals(result(id).status, "skip", id);
    }
    for (const id of ["origin-foreign", "host-foreign"]) {
      assertEquals(result(id).status, "warn", id);
    }
  }));

test("a v1 server without authentication fails loudly, and its session is ended", async () => {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const http = createServer(async (request, response) => {
    const known = sessions.get(`${request.headers["mcp-session-id"]}`);
    if (known) return await known.handleRequest(request, response);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    const server = new V1Server({ name: "open", version: "1" });
    server.registerTool("hello", { description: "Says hello to whoever asks for it." }, () => ({
      content: [{ type: "text", text: "hello" }],
    }));
    await server.connect(transport as Parameters<V1Server["connect"]>[0]);
    await transport.handleRequest(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
    const { finished, result, report } = await examine(url);
    assertEquals(finished.code, 1);
    assertEquals(result("auth-required").status, "fail");
    assertMatch(result("auth-required").seen!, /^NO AUTHENTICATION; initialize answered 200/);
    assertEquals(result("token-unsigned"), {
      ...result("token-unsigned"),
      status: "skip",
      seen: "the server did not ask for a token",
    });
    assertEquals(result("era-legacy").status, "pass");
    assertEquals(result("tools-list").status, "pass");
    assertEquals(result("tools-annotations").status, "warn");
    assertEquals(result("host-foreign").status, "fail");
    assert(report.requests < 100);
    assertEquals(sessions.size, 0, "every session that was opened is closed");
  } finally {
    http.close();
    http.closeAllConnections();
  }
});
