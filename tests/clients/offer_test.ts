/** Resources, prompts, completions and subscriptions with real clients. */

import { test } from "node:test";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client";
// The package names its types for the import without an extension, and its code for the one with.
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  Client,
  InsufficientScopeError,
  ProtocolError,
  ResourceNotFoundError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import type { VersionNegotiationMode } from "@modelcontextprotocol/client";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { until, withIssuer } from "./scene.ts";
import type { IssuerScene } from "./scene.ts";

const ALL = "env:read org:write wks:write access:write";
const PROMPTS = ["audit_access", "offboard_person", "onboard_customer"];
const TEMPLATES = [
  "environment://{environmentId}",
  "environment://{environmentId}/organizations",
  "organization://{environmentId}/{organizationId}",
  "organization://{environmentId}/{organizationId}/users",
];

type Mode = VersionNegotiationMode | "v1";

/** What both clients can do alike. */
type AnyClient = Pick<
  Client,
  | "listResources"
  | "listResourceTemplates"
  | "readResource"
  | "listPrompts"
  | "getPrompt"
  | "complete"
  | "close"
>;

async function connected(url: string, token: string, mode: Mode): Promise<AnyClient> {
  const headers = { authorization: `Bearer ${token}` };
  const address = new URL(url);
  if (mode === "v1") {
    const client = new ClientV1({ name: "test", version: "1" });
    const transport = new TransportV1(address, { requestInit: { headers } });
    // Its own types do not fit each other under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<ClientV1["connect"]>[0]);
    return client as unknown as AnyClient;
  }
  return await modern(address, headers, mode);
}

async function modern(
  address: URL,
  headers: Record<string, string>,
  mode: VersionNegotiationMode = "auto",
): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(address, { requestInit: { headers } }));
  return client;
}

async function withClient(
  mode: Mode,
  run: (client: AnyClient, scene: IssuerScene) => Promise<void>,
  scope = ALL,
): Promise<void> {
  await withIssuer(async (scene) => {
    const client = await connected(
      scene.url,
      await scene.issuer.token({ claims: { scope } }),
      mode,
    );
    try {
      await run(client, scene);
    } finally {
      await client.close();
    }
  });
}

for (const [title, mode] of [["v1", "v1"], ["v2 legacy", "legacy"], ["v2 auto", "auto"]] as const) {
  test(`${title} client: lists, reads, completes and has prompts written`, () =>
    withClient(mode, async (client) => {
      const { resources } = await client.listResources();
      const environment = resources.find(({ title }) => title === "Development")!;
      assertEquals(resources.map(({ uri }) => uri.split("://")[0]), [
        "workspace",
        "environment",
        "environment",
      ]);
      const { resourceTemplates } = await client.listResourceTemplates();
      assertEquals(resourceTemplates.map(({ uriTemplate }) => uriTemplate), TEMPLATES);
      const { contents: [contents] } = await client.readResource({ uri: environment.uri });
      assert(contents && "text" in contents);
      const { id, displayName } = JSON.parse(contents.text);
      assertEquals([`environment://${id}`, displayName], [environment.uri, "Development"]);

      const { prompts } = await client.listPrompts();
      assertEquals(prompts.map(({ name }) => name), PROMPTS);
      const { completion } = await client.complete({
        ref: { type: "ref/resource", uri: TEMPLATES[2]! },
        argument: { name: "organizationId", value: "org_" },
        context: { arguments: { environmentId: id } },
      });
      const [organizationId = ""] = completion.values;
      const { messages: [message] } = await client.getPrompt({
        name: "audit_access",
        arguments: { environmentId: id, organizationId },
      });
      assert(message?.content.type === "text");
      assertStringIncludes(message.content.text, organizationId);
      assertStringIncludes(message.content.text, "list_organization_users");
    }));
}

test("v2 client: a missing scope is an error that it can step up by", () =>
  withClient("auto", async (client) => {
    const error = await assertRejects(
      () => client.readResource({ uri: "workspace://members" }),
      InsufficientScopeError,
    );
    assertEquals(error.requiredScope, "wks:read");
  }, "env:read"));

test("v2 client: it knows a resource that is not there from one that there cannot be", () =>
  withClient("auto", async (client) => {
    const gone = await assertRejects(
      () => client.readResource({ uri: "environment://env_nope" }),
      ResourceNotFoundError,
    );
    assertStringIncludes(gone.message, "The environment does not exist");
    const error = await assertRejects(
      () => client.readResource({ uri: "file:///etc/passwd" }),
      ProtocolError,
    );
    assertEquals(error.code, -32602);
  }));

interface Listening {
  readonly client: Client;
  readonly heard: string[];
  readonly scene: IssuerScene;
  readonly environmentId: string;
}

/** Runs a test with a client of 2026-07-28 that hears what changes. */
async function withListener(run: (listening: Listening) => Promise<void>): Promise<void> {
  await withIssuer(async (scene) => {
    const token = await scene.issuer.token({ claims: { scope: ALL } });
    const client = await modern(new URL(scene.url), { authorization: `Bearer ${token}` });
    const heard: string[] = [];
    client.setNotificationHandler(
      "notifications/resources/updated",
      ({ params }) => void heard.push(params.uri),
    );
    client.setNotificationHandler(
      "notifications/tools/list_changed",
      () => void heard.push("tools"),
    );
    const { resources } = await client.listResources();
    const { uri } = resources.find(({ title }) => title === "Development")!;
    try {
      await run({ client, heard, scene, environmentId: uri.slice("environment://".length) });
    } finally {
      await client.close();
    }
  });
}

test("v2 client: hears of what others change, and of the end of the server", () =>
  withListener(async ({ client, heard, scene, environmentId }) => {
    const organizations = `environment://${environmentId}/organizations`;
    const filter = { resourceSubscriptions: [organizations], toolsListChanged: true };
    const subscription = await client.listen(filter);
    assertEquals(subscription.honoredFilter, filter);

    const token = await scene.issuer.token({ claims: { scope: ALL, client_id: "another" } });
    const other = await modern(new URL(scene.url), { authorization: `Bearer ${token}` });
    const input = { environmentId, displayName: "Acme" };
    const { isError } = await other.callTool({ name: "create_organization", arguments: input });
    assert(!isError);
    await other.close();
    await until(() => heard.length > 0);
    assertEquals(heard, [organizations]);
    const { contents: [contents] } = await client.readResource({ uri: organizations });
    assert(contents && "text" in contents && contents.text.includes("Acme"));

    await scene.server.app.stopping();
    assertEquals(await subscription.closed, "graceful");
  }));

test("v2 client: a configuration that changes who sees what is told, and each ends subscriptions", () =>
  withListener(async ({ client, heard, scene }) => {
    const filter = { toolsListChanged: true };
    const { app } = scene.server;
    const first = await client.listen(filter);
    await app.reload({ ...app.config, drainTimeoutMs: app.config.drainTimeoutMs + 1 });
    assertEquals(await first.closed, "graceful");
    const second = await client.listen(filter);
    await app.reload({ ...app.config, toolVisibility: "granted" });
    assertEquals(await second.closed, "graceful");
    assertEquals(heard, ["tools"], "once: the first showed nobody anything else");
    const third = await client.listen(filter);
    assertEquals(third.honoredFilter, filter);
    await third.close();
    assertEquals(await third.closed, "local");
  }));
