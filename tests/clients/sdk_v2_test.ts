import { test } from "node:test";
import {
  Client,
  ClientCredentialsProvider,
  InsufficientScopeError,
  OAuthError,
  SdkError,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import type {
  AuthProvider,
  OAuthClientProvider,
  VersionNegotiationMode,
} from "@modelcontextprotocol/client";
import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { registry } from "../support/tools.ts";
import { decisionsOn, until, withEmbedded, withIssuer } from "./scene.ts";
import type { Credentials } from "./scene.ts";

const MODES: readonly (readonly [string, VersionNegotiationMode, string])[] = [
  ["legacy", "legacy", "2025-11-25"],
  ["auto", "auto", "2026-07-28"],
  ["pinned", { pin: "2026-07-28" }, "2026-07-28"],
];

/** Runs a test with a connected client, and closes it. */
async function withClient(
  url: string,
  mode: VersionNegotiationMode,
  authProvider: AuthProvider | OAuthClientProvider | undefined,
  run: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  const options = authProvider ? { authProvider } : {};
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
    await run(client);
  } finally {
    await client.close();
  }
}

function bearer(token: string): AuthProvider {
  return { token: () => Promise.resolve(token) };
}

function machine({ client_id, client_secret }: Credentials, expectedIssuer: string) {
  return new ClientCredentialsProvider({
    clientId: client_id,
    clientSecret: client_secret,
    expectedIssuer,
  });
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

async function toolNames(client: Client): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}

/** The ids of the first environment and its first organization. */
async function firstIds(client: Client) {
  const environmentId = (await call(client, "list_environments")).environments[0].id;
  const { organizations } = await call(client, "list_organizations", { environmentId });
  return { environmentId, organizationId: organizations[0].id };
}

function people(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    email: `person${index + 1}@halden.example`,
    roles: ["member"],
  }));
}

for (const [title, mode, revision] of MODES) {
  test(`v2 client (${title}): lists and calls, with progress`, () =>
    withIssuer(async ({ url, server, issuer }) => {
      const token = await issuer.token({ claims: { scope: "env:read org:write" } });
      await withClient(url, mode, bearer(token), async (client) => {
        assertEquals(client.getNegotiatedProtocolVersion(), revision);
        assertEquals(client.getServerVersion()?.name, "gatehouse");
        assertEquals(await toolNames(client), server.app.registry.tools.map(({ name }) => name));
        const ids = await firstIds(client);
        const progress: number[] = [];
        const { structuredContent } = await client.callTool(
          { name: "import_organization_users", arguments: { ...ids, users: people(60) } },
          { onprogress: (step) => void progress.push(step.progress) },
        );
        assertEquals(structuredContent, { completed: true, addedCount: 60, failedRows: [] });
        assertEquals(progress, [25, 50, 60]);
      });
    }));

  test(`v2 client (${title}): the refusal of a tool reads as the tool wrote it`, () =>
    withIssuer(async ({ url, issuer }) => {
      await withClient(url, mode, bearer(await issuer.token()), async (client) => {
        // With the list the client knows the output schema, and holds results against it.
        await client.listTools();
        const result = await client.callTool({
          name: "get_environment_details",
          arguments: { environmentId: "env_0" },
        });
        assertEquals(result.isError, true);
        const [content] = result.content;
        assert(content?.type === "text");
        assertEquals(JSON.parse(content.text).error.code, "not_found");
      });
    }));

  test(`v2 client (${title}): a token with too few scopes names the one it needs`, () =>
    withIssuer(async ({ url, server, issuer }) => {
      await withClient(url, mode, bearer(await issuer.token()), async (client) => {
        const { environmentId } = await firstIds(client);
        const error = await assertRejects(
          () => call(client, "create_organization", { environmentId, displayName: "Nope" }),
          InsufficientScopeError,
        );
        assertEquals(error.requiredScope, "org:write");
        assertEquals(decisionsOn(server, "create_organization"), ["403 insufficient_scope"]);
        const found = await call(client, "list_organizations", { environmentId, search: "Nope" });
        assertEquals(found.totalSize, 0);
      });
    }));

  test(`v2 client (${title}): without a token it learns that it needs one`, () =>
    withIssuer(async ({ url }) => {
      const error = await assertRejects(
        () => withClient(url, mode, undefined, () => Promise.resolve()),
        SdkHttpError,
      );
      assertEquals(error.status, 401);
    }));

  test(`v2 client (${title}): client credentials step up by themselves`, () =>
    withEmbedded(async ({ url, server, issuer, addClient }) => {
      const credentials = await addClient("robot", "env:read org:write wks:read");
      const provider = machine(credentials, issuer);
      await withClient(url, mode, provider, async (client) => {
        const before = await call(client, "whoami");
        assertEquals([before.kind, before.subject], ["client", credentials.client_id]);
        assertEquals(before.grantedScopes, ["env:read", "org:read", "wks:read"]);
        assert(!(await toolNames(client)).includes("create_organization"), "not to be called yet");

        const { environmentId } = await firstIds(client);
        const input = { environmentId, displayName: "Robots United" };
        const created = await call(client, "create_organization", input);
        assertEquals(decisionsOn(server, "create_organization"), [
          "403 insufficient_scope",
          "200 ok",
        ]);
        assertEquals((await call(client, "whoami")).grantedScopes, [
          "env:read",
          "org:read",
          "wks:read",
          "org:write",
        ]);
        const { organizations } = await call(client, "list_organizations", { environmentId });
        assertEquals(organizations[0].id, created.id);
        assertEquals(organizations[0].displayName, "Robots United");
      });
    }));

  test(`v2 client (${title}): client credentials with few scopes connect with those`, () =>
    withEmbedded(async ({ url, server, issuer, addClient }) => {
      const provider = machine(await addClient("reader", "env:read"), issuer);
      await withClient(url, mode, provider, async (client) => {
        assertEquals((await call(client, "whoami")).grantedScopes, ["env:read"]);
        const open = registry.tools.filter(({ scopes }) =>
          scopes.every((scope) => scope === "env:read")
        );
        assertEquals(await toolNames(client), open.map(({ name }) => name));
        const { id } = (await call(client, "list_environments")).environments[0];
        const error = await assertRejects(
          () => call(client, "create_organization", { environmentId: id, displayName: "Nope" }),
          OAuthError,
        );
        assertEquals(error.code, "invalid_scope");
        assertEquals(decisionsOn(server, "create_organization"), ["403 insufficient_scope"]);
      });
    }));

  test(`v2 client (${title}): who leaves a running import stops it between two batches`, () =>
    withIssuer(async ({ url, server, issuer }) => {
      const scope = "env:read org:write";
      const authProvider = bearer(await issuer.token({ claims: { scope } }));
      const left = new AbortController();
      let ids = { environmentId: "", organizationId: "" };
      let sizeBefore = 0;
      await withClient(url, mode, authProvider, async (client) => {
        ids = await firstIds(client);
        sizeBefore = (await call(client, "list_organization_users", ids)).totalSize;
        // Before 2026-07-28 an abort is a message of its own, which no stateless server can connect with the call.
        const leave = mode === "legacy" ? () => void client.close() : () => left.abort("enough");
        await assertRejects(
          () =>
            client.callTool(
              { name: "import_organization_users", arguments: { ...ids, users: people(500) } },
              { signal: left.signal, onprogress: leave },
            ),
          SdkError,
        );
      });
      const stopped = () => server.lines.find(({ message }) => message === "import stopped early");
      await until(() => stopped() !== undefined);
      const { addedCount, nextRow } = stopped()!.properties as Record<string, number>;
      assertLess(addedCount!, 500);
      assertEquals([addedCount! % 25, nextRow], [0, addedCount! + 1]);

      await withClient(url, mode, authProvider, async (client) => {
        const { totalSize } = await call(client, "list_organization_users", ids);
        assertEquals(totalSize, sizeBefore + addedCount!, "what was committed stays");
        const input = { ...ids, users: people(500), startRow: nextRow };
        const rest = await call(client, "import_organization_users", input);
        assertEquals(rest, { completed: true, addedCount: 500 - addedCount!, failedRows: [] });
      });
    }));
}

test("v2 clients at once: nobody ever sees the other's identity", () =>
  withIssuer(async ({ url, issuer }) => {
    const identify = async (sub: string, mode: VersionNegotiationMode) => {
      const claims = { sub, client_id: `${sub}-client`, scope: sub === "ada" ? "env:read" : "" };
      const seen: unknown[] = [];
      await withClient(url, mode, bearer(await issuer.token({ claims })), async (client) => {
        for (let round = 0; round < 4; round += 1) {
          seen.push(...await Promise.all(Array.from({ length: 8 }, () => call(client, "whoami"))));
        }
      });
      return seen.map((value) => {
        const { subject, clientId, grantedScopes } = value as Record<string, unknown>;
        return JSON.stringify([subject, clientId, grantedScopes]);
      });
    };
    const [ada, bob, eve] = await Promise.all([
      identify("ada", "auto"),
      identify("bob", "legacy"),
      identify("eve", { pin: "2026-07-28" }),
    ]);
    assertEquals([ada?.length, bob?.length, eve?.length], [32, 32, 32]);
    assertEquals([...new Set(ada)], ['["ada","ada-client",["env:read"]]']);
    assertEquals([...new Set(bob)], ['["bob","bob-client",[]]']);
    assertEquals([...new Set(eve)], ['["eve","eve-client",[]]']);
  }));
