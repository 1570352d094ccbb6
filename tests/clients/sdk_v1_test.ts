import { test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client";
// The package names its types for the import without an extension, and its code for the one with.
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { decisionsOn, withIssuer } from "./scene.ts";

/** Runs a test with a connected client, and closes it. */
async function withClient(
  url: string,
  headers: Record<string, string>,
  run: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  try {
    // Its own types do not fit each other under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<Client["connect"]>[0]);
    assertEquals(transport.protocolVersion, "2025-11-25");
    await run(client);
  } finally {
    await client.close();
  }
}

// deno-lint-ignore no-explicit-any -- each tool has its own output, which the tests spell out
type Output = any;

async function call(
  client: Client,
  name: string,
  input: Record<string, unknown> = {},
): Promise<Output> {
  return (await client.callTool({ name, arguments: input })).structuredContent;
}

test("v1 client: lists and calls, with progress", () =>
  withIssuer(async ({ url, server, issuer }) => {
    const token = await issuer.token({ claims: { scope: "env:read org:write" } });
    await withClient(url, { authorization: `Bearer ${token}` }, async (client) => {
      assertEquals(client.getServerVersion()?.name, "gatehouse");
      const { tools } = await client.listTools();
      const names = tools.map(({ name }) => name);
      assertEquals(names, server.app.registry.tools.map(({ name }) => name));
      assertEquals((await call(client, "whoami")).subject, "user-1");

      const environmentId = (await call(client, "list_environments")).environments[0].id;
      const { organizations } = await call(client, "list_organizations", { environmentId });
      const users = Array.from({ length: 60 }, (_, index) => ({
        email: `person${index + 1}@halden.example`,
        roles: ["member"],
      }));
      const progress: number[] = [];
      const { structuredContent } = await client.callTool(
        {
          name: "import_organization_users",
          arguments: { environmentId, organizationId: organizations[0].id, users },
        },
        undefined,
        { onprogress: (step) => void progress.push(step.progress) },
      );
      assertEquals(structuredContent, { completed: true, addedCount: 60, failedRows: [] });
      assertEquals(progress, [25, 50, 60]);
    });
  }));

test("v1 client: the refusal of a tool reads as the tool wrote it", () =>
  withIssuer(async ({ url, issuer }) => {
    await withClient(url, { authorization: `Bearer ${await issuer.token()}` }, async (client) => {
      // With the list the client knows the output schema, and holds results against it.
      await client.listTools();
      const result: Output = await client.callTool({
        name: "get_environment_details",
        arguments: { environmentId: "env_0" },
      });
      assertEquals(result.isError, true);
      assertEquals(JSON.parse(result.content[0].text).error.code, "not_found");
    });
  }));

test("v1 client: a 403 comes up with the scope that is missing, and nothing was done", () =>
  withIssuer(async ({ url, server, issuer }) => {
    await withClient(url, { authorization: `Bearer ${await issuer.token()}` }, async (client) => {
      const environmentId = (await call(client, "list_environments")).environments[0].id;
      const error = await assertRejects(
        () => call(client, "create_organization", { environmentId, displayName: "Nope" }),
        StreamableHTTPError,
      );
      assertEquals(error.code, 403);
      assertStringIncludes(error.message, '"missing_scopes":["org:write"]');
      assertEquals(decisionsOn(server, "create_organization"), ["403 insufficient_scope"]);
      const found = await call(client, "list_organizations", { environmentId, search: "Nope" });
      assertEquals(found.totalSize, 0);
    });
  }));

test("v1 client: without a token it learns that it needs one", () =>
  withIssuer(async ({ url }) => {
    const error = await assertRejects(
      () => withClient(url, {}, () => Promise.resolve()),
      StreamableHTTPError,
    );
    assertEquals(error.code, 401);
    assert(error.message.includes("Send an access token"));
  }));
