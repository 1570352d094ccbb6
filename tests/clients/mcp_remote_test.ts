import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { openBrowser } from "./browser.ts";
import type { Browser } from "./browser.ts";
import { needsNode, startChild, withDirectory } from "./child.ts";
import { decisionsOn, withEmbedded, withIssuer } from "./scene.ts";
import type { Scene } from "./scene.ts";
import { withStdioHost } from "./stdio_host.ts";
import type { Answer, StdioHost } from "./stdio_host.ts";

/** What it speaks with the server; with its host it speaks 2025-11-25 in both cases. */
const PROTOCOLS = [["legacy", "legacy"], ["auto", "modern"]] as const;

const LOGIN_URL = /visiting:\s+(http:\S+)\s/;
const CALLBACK_OPEN = /running the sign-in for this server/;

interface Start {
  readonly url: string;
  readonly protocol: string;
  readonly home: string;
}

function withRemote(
  { url, protocol, home }: Start,
  args: readonly string[],
  run: (host: StdioHost) => Promise<void>,
): Promise<void> {
  const start = () =>
    startChild({
      script: "mcp-remote/dist/proxy.js",
      args: [url, "--transport", "http-only", "--protocol", protocol, ...args],
      home,
    });
  return withStdioHost(start, run);
}

async function initialize(host: StdioHost): Promise<void> {
  const { result } = await host.request("initialize", {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "host", version: "1" },
  });
  assertEquals([result.protocolVersion, result.serverInfo.name], ["2025-11-25", "gatehouse"]);
  host.notify("notifications/initialized");
}

async function toolNames(host: StdioHost): Promise<string[]> {
  const { result } = await host.request("tools/list");
  return result.tools.map(({ name }: { name: string }) => name);
}

function call(host: StdioHost, name: string, input = {}, meta?: unknown): Promise<Answer> {
  const params = { name, arguments: input, ...(meta ? { _meta: meta } : {}) };
  return host.request("tools/call", params);
}

async function outputOf(answer: Promise<Answer>): Promise<Answer["result"]> {
  const { result, error } = await answer;
  assertEquals([error, result?.isError ?? false], [undefined, false]);
  return result.structuredContent;
}

async function firstEnvironment(host: StdioHost): Promise<string> {
  return (await outputOf(call(host, "list_environments"))).environments[0].id;
}

/** How many organizations have a name with that text in it, as the server has it. */
async function countNamed(host: StdioHost, environmentId: string, search: string): Promise<number> {
  return (await outputOf(call(host, "list_organizations", { environmentId, search }))).totalSize;
}

/** Approves on the consent page, which asks for these scopes, and comes back at mcp-remote. */
async function approve(browser: Browser, url: string, scopes: readonly string[]): Promise<void> {
  const page = await browser.open(url);
  assertMatch(page.text, /MCP CLI Proxy wants access/);
  const shown = [...page.text.matchAll(/<li>[^<]*<code[^>]*>([^<]+)<\/code>/g)];
  assertEquals(shown.map(([, scope = ""]) => scope), [...scopes]);
  const back = await browser.press(page, "approve");
  assertEquals([back.status, back.url.pathname], [200, "/oauth/callback"]);
  assertMatch(back.text, /Authorization successful/);
}

/** The protocol eras of the calls that reached the server. */
function erasOfCalls({ server }: Scene): readonly unknown[] {
  const calls = server.lines.filter(({ properties }) => properties["rpcMethod"] === "tools/call");
  return [...new Set(calls.map(({ properties }) => properties["era"]))];
}

for (const [protocol, era] of PROTOCOLS) {
  test(
    `mcp-remote (${protocol}): with a header it lists and calls, with progress`,
    needsNode,
    () =>
      withIssuer((scene) =>
        withDirectory(async (home) => {
          const { url, server, issuer } = scene;
          const token = await issuer.token({ claims: { scope: "env:read org:write" } });
          const header = ["--header", `Authorization: Bearer ${token}`];
          await withRemote({ url, protocol, home }, header, async (host) => {
            await initialize(host);
            assertEquals(await toolNames(host), server.app.registry.tools.map(({ name }) => name));
            const environmentId = await firstEnvironment(host);
            const input = { environmentId, displayName: "Halden Shipping" };
            const { id } = await outputOf(call(host, "create_organization", input));
            const users = Array.from({ length: 60 }, (_, index) => ({
              email: `person${index + 1}@halden.example`,
              roles: ["member"],
            }));
            const imported = await outputOf(call(
              host,
              "import_organization_users",
              { environmentId, organizationId: id, users },
              { progressToken: "p" },
            ));
            assertEquals(imported, { completed: true, addedCount: 60, failedRows: [] });
            assertEquals(
              host.notifications.map(({ method, params }) => [
                method,
                params.progressToken,
                params.progress,
              ]),
              [25, 50, 60].map((progress) => ["notifications/progress", "p", progress]),
            );
          });
          assertEquals(erasOfCalls(scene), [era]);
        })
      ),
  );

  test(
    `mcp-remote (${protocol}): with a header refusals come through`,
    needsNode,
    () =>
      withIssuer(({ url, server, issuer }) =>
        withDirectory(async (home) => {
          const header = ["--header", `Authorization: Bearer ${await issuer.token()}`];
          await withRemote({ url, protocol, home }, header, async (host) => {
            await initialize(host);
            const input = { environmentId: "env_0" };
            const { result } = await call(host, "get_environment_details", input);
            assertEquals([result.isError, result.structuredContent], [true, undefined]);
            assertEquals(JSON.parse(result.content[0].text).error.code, "not_found");

            const environmentId = await firstEnvironment(host);
            const organization = { environmentId, displayName: "Nope" };
            // It cannot get another token than the header's, whatever it tries.
            const { error } = await call(host, "create_organization", organization);
            assertEquals(error?.code, -32001);
            assertEquals(decisionsOn(server, "create_organization"), ["403 insufficient_scope"]);
            assertEquals(await countNamed(host, environmentId, "Nope"), 0);
          });
        })
      ),
  );

  test(
    `mcp-remote (${protocol}): client credentials get what they ask for`,
    needsNode,
    () =>
      withEmbedded(async (scene) => {
        const { url, home, addClient } = scene;
        const credentials = await addClient("robot", "env:read org:write");
        const args = [
          "--client-credentials",
          "--static-oauth-client-info",
          JSON.stringify(credentials),
          "--static-oauth-client-metadata",
          JSON.stringify({ scope: "env:read org:write" }),
        ];
        await withRemote({ url, protocol, home }, args, async (host) => {
          await initialize(host);
          const { kind, subject, grantedScopes } = await outputOf(call(host, "whoami"));
          assertEquals([kind, subject], ["client", credentials.client_id]);
          assertEquals(grantedScopes, ["env:read", "org:write"]);
          assert(!(await toolNames(host)).includes("list_workspace_members"), "needs wks:read");
          const environmentId = await firstEnvironment(host);
          await outputOf(
            call(host, "create_organization", { environmentId, displayName: "Robots" }),
          );
          assertEquals(await countNamed(host, environmentId, "Robots"), 1);
        });
        assertEquals(erasOfCalls(scene), [era]);
      }),
  );

  test(
    `mcp-remote (${protocol}): client credentials alone stay with reading`,
    needsNode,
    () =>
      withEmbedded(async ({ url, home, server, addClient }) => {
        const credentials = await addClient("robot", "env:read org:write");
        const info = ["--static-oauth-client-info", JSON.stringify(credentials)];
        await withRemote(
          { url, protocol, home },
          ["--client-credentials", ...info],
          async (host) => {
            await initialize(host);
            const { grantedScopes } = await outputOf(call(host, "whoami"));
            assertEquals(
              grantedScopes,
              ["env:read", "org:read"],
              "the baseline it is registered for",
            );
            const environmentId = await firstEnvironment(host);
            const { error } = await call(host, "create_organization", {
              environmentId,
              displayName: "Nope",
            });
            assertEquals(error?.code, -32001, "it does not step up in this grant");
            assertEquals(
              new Set(decisionsOn(server, "create_organization")),
              new Set(["403 insufficient_scope"]),
            );
            assertEquals(await countNamed(host, environmentId, "Nope"), 0);
          },
        );
      }),
  );

  test(
    `mcp-remote (${protocol}): a person signs in, and again for more`,
    needsNode,
    () =>
      withEmbedded(async (scene) => {
        const { url, home, server } = scene;
        const browser = openBrowser();
        const reading = ["env:read", "org:read", "wks:read"];
        await withRemote({ url, protocol, home }, [], async (host) => {
          const ready = initialize(host);
          const [, login = ""] = await host.waitForLog(LOGIN_URL);
          await approve(browser, login, reading);
          await ready;
          const { kind, subject, grantedScopes } = await outputOf(call(host, "whoami"));
          assertEquals([kind, subject, grantedScopes], ["user", "operator", reading]);
          assertEquals(await toolNames(host), server.app.registry.tools.map(({ name }) => name));

          const environmentId = await firstEnvironment(host);
          const input = { environmentId, displayName: "Halden Shipping" };
          const created = call(host, "create_organization", input);
          const [, stepUp = ""] = await host.waitForLog(LOGIN_URL);
          // It shows the address before it listens for the answer.
          await host.waitForLog(CALLBACK_OPEN);
          await approve(browser, stepUp, [...reading, "org:write"]);
          assertEquals((await outputOf(created)).displayName, "Halden Shipping");
          assertEquals(decisionsOn(server, "create_organization"), [
            "403 insufficient_scope",
            "200 ok",
          ]);
          assertEquals(await countNamed(host, environmentId, "Halden"), 1);
        });
        await withRemote({ url, protocol, home }, [], async (host) => {
          await initialize(host);
          const { grantedScopes } = await outputOf(call(host, "whoami"));
          assertEquals(grantedScopes, [...reading, "org:write"], "it kept the token");
          assertNotMatch(host.log(), LOGIN_URL);
        });
        assertEquals(erasOfCalls(scene), [era]);
      }),
  );
}

test(
  "mcp-remote: who denies lets nothing in",
  needsNode,
  () =>
    withEmbedded(async ({ url, home, server }) => {
      await withRemote({ url, protocol: "legacy", home }, [], async (host) => {
        const [, login = ""] = await host.waitForLog(LOGIN_URL);
        const browser = openBrowser();
        const back = await browser.press(await browser.open(login), "deny");
        assertEquals([back.status, back.url.pathname], [400, "/oauth/callback"]);
        assertMatch(back.text, /Authorization failed: The user refused/);
        await host.waitForLog(/access_denied - The user refused/);
        const allowed = server.lines.filter(({ properties }) =>
          properties["subject"] !== undefined
        );
        assertEquals(allowed, []);
      });
    }),
);
