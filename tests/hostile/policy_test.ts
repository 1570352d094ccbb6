import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { MODERN_META } from "../support/pipeline.ts";
import {
  attempts,
  CREDENTIALS,
  ERAS,
  SCOPE_CLAIMS,
  TOOL_SCOPES,
  verdictOn,
} from "./generators_policy.ts";
import type { Attempt, Targets } from "./generators_policy.ts";
import { initOf, verdictIn } from "./generators_policy_run.ts";
import type { Tokens } from "./generators_policy_run.ts";
import { withScene } from "./generators_scene.ts";
import type { Scene } from "./generators_scene.ts";

/** On a busy machine it takes longer than the five seconds that Bun gives a test. */
const SLOW = { timeout: 30_000 };

/** Sends an attempt with its credential, in process or over a socket. */
type Send = (attempt: Attempt, unique: number) => Promise<Response>;

function senders({ server, url, forge }: Scene, targets: Targets): { direct: Send; remote: Send } {
  const tokens: Tokens = {
    "no token": undefined,
    "invalid token": forge.token({ signing: "wrong key" }),
    "no scopes": forge.token({ claims: { scope: SCOPE_CLAIMS["no scopes"] } }),
    "read scopes": forge.token({ claims: { scope: SCOPE_CLAIMS["read scopes"] } }),
    "all scopes": forge.token({ claims: { scope: SCOPE_CLAIMS["all scopes"] } }),
  };
  return {
    direct(attempt, unique) {
      const request = new Request(url, initOf(attempt, tokens, targets, unique));
      request.headers.set("host", new URL(url).host);
      return server.app.handler(request, "127.0.0.1");
    },
    remote: (attempt, unique) => fetch(url, initOf(attempt, tokens, targets, unique)),
  };
}

/** What the workspace has: nobody without the right scope may change it. */
async function contentOf(
  call: (tool: string, input?: unknown) => Promise<Result>,
  targets: Targets,
) {
  const { environmentId } = targets;
  const organizations = await call("list_organizations", { environmentId });
  const users = await call("list_organization_users", targets);
  const members = await call("list_workspace_members");
  const connections = await call("list_environment_connections", { environmentId });
  const accounts = await call("list_connected_accounts", { environmentId });
  return [organizations, users, members, connections, accounts].map(({ totalSize }) => totalSize);
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition() && Date.now() < deadline) await new Promise((go) => setTimeout(go, 5));
}

// deno-lint-ignore no-explicit-any -- each tool has its own output
type Result = any;

test(
  "every method of every revision answers each kind of token as the policy table says",
  SLOW,
  () =>
    withScene({}, async (scene) => {
      const { server, forge, url } = scene;
      const admin = forge.token({ claims: { scope: SCOPE_CLAIMS["all scopes"] } });
      const call = (tool: string, input: unknown = {}) => callTool(url, admin, tool, input);
      const [{ id: environmentId }] = (await call("list_environments")).environments;
      const [{ id: organizationId }] =
        (await call("list_organizations", { environmentId })).organizations;
      const targets = { environmentId, organizationId };
      const send = senders(scene, targets);
      const before = await contentOf(call, targets);

      const all = [...attempts()];
      const wrong: unknown[] = [];
      let unique = 0;
      async function check(attempt: Attempt, how: keyof typeof send): Promise<void> {
        unique += 1;
        const from = server.lines.length;
        const verdict = await verdictIn(await send[how](attempt, unique));
        const expected = verdictOn(attempt);
        const requests = () =>
          server.lines.slice(from).filter(({ message }) => message === "request");
        // A stream is recorded when the server sees that its reader has gone.
        if (expected.answer === "stream") await until(() => requests().length > 0);
        const records = requests();
        try {
          assertEquals(verdict, expected);
          assertEquals(records.map(({ properties }) => properties["status"]), [expected.status]);
        } catch {
          wrong.push({ how, ...attempt, verdict, expected, records: records.length });
        }
      }

      for (const attempt of all.filter(({ credential }) => credential !== "all scopes")) {
        await check(attempt, "direct");
      }
      assertEquals(await contentOf(call, targets), before, "a refused call changed something");
      for (const attempt of all.filter(({ credential }) => credential === "all scopes")) {
        await check(attempt, "direct");
      }
      const after = await contentOf(call, targets);
      const grown = [1, 2, 1, 1, 1].map((calls) => calls * ERAS.length);
      assertEquals(after, before.map((size, index) => size + grown[index]!), "the calls are live");
      // A step that shares no factor with the table's rows reaches every method, tool and credential.
      const step = [7, 11, 13].find((prime) => all.length % prime !== 0)!;
      for (let at = 0; at < all.length; at += step) await check(all[at]!, "remote");
      assertEquals(wrong.slice(0, 10), []);
      // Methods, tools, names that are no tool, and what is named otherwise; subscriptions are of one revision.
      const inEachEra = 27 + TOOL_SCOPES.size + 2 + 10;
      const rows = CREDENTIALS.length * (ERAS.length * inEachEra + 1);
      assertEquals([all.length, unique], [rows, rows + Math.ceil(rows / step)]);
    }),
);

test("a tool list shows a machine client what it may call, and a person everything", () =>
  withScene({}, async (scene) => {
    const { forge, url } = scene;
    for (const [credential, scope] of Object.entries(SCOPE_CLAIMS)) {
      for (const sub of ["client-1", "user-1"]) {
        const token = forge.token({ claims: { scope, sub } });
        const allowed = [...TOOL_SCOPES.keys()].filter((tool) => {
          const attempt = { era: "2026-07-28", credential, method: "tools/call", tool } as Attempt;
          return sub === "user-1" || verdictOn(attempt).status === 200;
        });
        const { tools } = await request(url, token, "tools/list", {});
        assertEquals(
          tools.map(({ name }: { name: string }) => name),
          allowed,
          `${credential} ${sub}`,
        );
      }
    }
  }));

async function callTool(url: string, token: string, name: string, input: unknown): Promise<Result> {
  return (await request(url, token, "tools/call", { name, arguments: input })).structuredContent;
}

async function request(url: string, token: string, method: string, params: object) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "authorization": `Bearer ${token}`,
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...("name" in params ? { "mcp-name": String(params.name) } : {}),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method,
      params: { ...params, _meta: MODERN_META },
    }),
  });
  return (await response.json()).result;
}
