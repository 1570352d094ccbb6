/** The audit trail of the real program: complete, in our words, tamper-evident, and whole after a kill. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { needs, program, run, startProcess, withDirectory } from "../support/process.ts";
import type { RunningProcess, Runtime } from "../support/process.ts";
import { startIssuer } from "../support/server.ts";
import type { RunningIssuer } from "../support/server.ts";
import { callTool } from "./wire.ts";

const AUDIENCE = "https://mcp.example.com/mcp";
const SCOPES = "env:read org:read org:write";
const TRAIL = "gatehouse.audit";

interface Scene {
  readonly cwd: string;
  readonly issuer: RunningIssuer;
  start(): Promise<RunningProcess>;
  gatehouse(...args: readonly string[]): ReturnType<typeof run>;
  records(...filters: readonly string[]): Promise<AuditLine[]>;
}

interface AuditLine {
  readonly event: string;
  readonly reason: string;
  readonly request?: { readonly id: string };
}

function withScene(runtime: Runtime, body: (scene: Scene) => Promise<void>): Promise<void> {
  return withDirectory(async (cwd) => {
    const issuer = await startIssuer(AUDIENCE, SCOPES);
    const env = {
      GATEHOUSE_STORE: "sqlite:gatehouse.db",
      GATEHOUSE_ISSUER: issuer.issuer,
      GATEHOUSE_JWKS_URI: issuer.jwksUri,
      GATEHOUSE_AUDIENCE: AUDIENCE,
    };
    const gatehouse = (...args: readonly string[]) =>
      run([...program(runtime), ...args], { cwd, env });
    try {
      await body({
        cwd,
        issuer,
        start: () => startProcess({ runtime, cwd, env }),
        gatehouse,
        async records(...filters) {
          const { stdout } = await gatehouse("audit", "query", "--json", ...filters);
          return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
        },
      });
    } finally {
      await issuer.stop();
    }
  });
}

interface Attempt {
  readonly reason: string;
  send(url: string): Promise<Response>;
}

/** Good and refused, one for each stage that can say no. */
async function attempts(issuer: RunningIssuer): Promise<readonly Attempt[]> {
  const token = await issuer.token();
  const reader = await issuer.token({ claims: { scope: "env:read org:read" } });
  const expired = await issuer.token({ claims: { exp: 1_000_000_000, iat: 999_999_900 } });
  const elsewhere = await issuer.token({ claims: { aud: "https://other.example/mcp" } });
  const environmentId = "env_01JGXDFAM00000000000000002";
  const call = (name: string, input: Record<string, unknown>, options: { token?: string }) =>
  (
    url: string,
  ) => callTool(url, name, { ...options, input });
  const post = (body: string, headers: Record<string, string> = {}) => (url: string) =>
    fetch(`${url}/mcp`, {
      method: "POST",
      headers: {
        "authorization": `Bearer ${token}`,
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        ...headers,
      },
      body,
    });
  const list = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
  return [
    { reason: "ok", send: call("list_environments", {}, { token }) },
    {
      reason: "ok",
      send: call("create_organization", { environmentId, displayName: "Acme" }, { token }),
    },
    { reason: "ok", send: post(list) },
    { reason: "no_credential", send: call("list_environments", {}, {}) },
    { reason: "expired", send: call("list_environments", {}, { token: expired }) },
    { reason: "aud_mismatch", send: call("list_environments", {}, { token: elsewhere }) },
    {
      reason: "insufficient_scope",
      send: call("create_organization", { environmentId, displayName: "X" }, { token: reader }),
    },
    { reason: "unknown_tool", send: call("drop_tables", {}, { token }) },
    { reason: "invalid_input", send: call("list_environments", { pageSize: 0 }, { token }) },
    {
      reason: "environment",
      send: call("list_organizations", { environmentId: "env_1" }, { token }),
    },
    { reason: "not_found", send: (url) => fetch(`${url}/nothing`) },
    { reason: "body_syntax", send: post("{") },
    { reason: "content_type", send: post(list, { "content-type": "text/plain" }) },
    {
      reason: "method_not_allowed",
      send: (url) => fetch(`${url}/mcp`, { headers: { authorization: `Bearer ${token}` } }),
    },
  ];
}

for (const runtime of ["deno", "bun"] as const) {
  const options = { ...needs(runtime), timeout: 120_000 };

  test(
    `${runtime}: every call, good or refused, is in the trail once, with its reason (R53)`,
    options,
    () =>
      withScene(runtime, async ({ cwd, issuer, start, gatehouse, records }) => {
        const server = await start();
        const expected = new Map<string, string>();
        try {
          for (const { reason, send } of await attempts(issuer)) {
            const response = await send(server.url);
            await response.text();
            expected.set(response.headers.get("x-request-id")!, reason);
          }
        } finally {
          assertEquals(await server.stop(), 0);
        }
        const found = await records("--limit", "500");
        for (const [id, reason] of expected) {
          const outcomes = found.filter(({ request, event }) =>
            request?.id === id && event !== "tool.intent"
          );
          assertEquals(outcomes.map((record) => record.reason), [reason], id);
        }
        assertEquals(found.filter(({ event }) => event === "tool.intent").length, 1);
        const own = found.map(({ event }) => event).filter((event) => event.startsWith("server."));
        assertEquals(own, ["server.stopped", "server.started"]);
        const verify = await gatehouse("audit", "verify");
        assertEquals(verify.code, 0, verify.stdout + verify.stderr);

        const written = readdirSync(join(cwd, TRAIL))
          .map((name) => readFileSync(join(cwd, TRAIL, name), "utf8")).join("\n");
        assertFalse(/eyJ/.test(written + server.stdout + server.stderr), "a token was written");
        assertFalse(written.includes("Acme"), "an argument was written");
      }),
  );

  test(
    `${runtime}: verify finds any byte that was changed (H230)`,
    options,
    () =>
      withScene(runtime, async ({ cwd, issuer, start, gatehouse }) => {
        const server = await start();
        const token = await issuer.token();
        for (let n = 0; n < 5; n += 1) {
          await (await callTool(server.url, "list_environments", { token })).text();
        }
        assertEquals(await server.stop(), 0);
        const segment = join(
          cwd,
          TRAIL,
          readdirSync(join(cwd, TRAIL)).find((name) => name.endsWith(".jsonl"))!,
        );
        const bytes = readFileSync(segment);
        for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 6)) {
          const changed = new Uint8Array(bytes);
          changed[at] = changed[at]! ^ 1;
          writeFileSync(segment, changed);
          const verify = await gatehouse("audit", "verify");
          assertEquals(verify.code, 1, `byte ${at}: ${verify.stdout}`);
        }
        writeFileSync(segment, bytes);
        assertEquals((await gatehouse("audit", "verify")).code, 0);
      }),
  );

  test(
    `${runtime}: a kill under load loses no acknowledged change's intent`,
    options,
    () =>
      withScene(runtime, async ({ issuer, start, gatehouse, records }) => {
        const server = await start();
        const token = await issuer.token();
        const acknowledged: string[] = [];
        let killed = false;
        const worker = async (name: number) => {
          for (let n = 0; !killed; n += 1) {
            try {
              const response = await callTool(server.url, "create_organization", {
                token,
                input: {
                  environmentId: "env_01JGXDFAM00000000000000002",
                  displayName: `Organization ${name}-${n}`,
                  externalId: `load-${name}-${n}`,
                },
              });
              const text = await response.text();
              if (text.includes("org_")) acknowledged.push(response.headers.get("x-request-id")!);
            } catch {
              return;
            }
          }
        };
        const load = Array.from({ length: 8 }, (_, name) => worker(name));
        await new Promise((resolve) => setTimeout(resolve, 1500));
        assertEquals(await server.stop("SIGKILL"), null);
        killed = true;
        await Promise.all(load);
        assert(acknowledged.length > 20, `${acknowledged.length} acknowledged`);

        const again = await start();
        try {
          const verify = await gatehouse("audit", "verify");
          assertEquals(verify.code, 0, verify.stdout + verify.stderr);
          const intents = new Set(
            (await records("--event", "tool.intent", "--limit", "100000")).map((record) =>
              record.request!.id
            ),
          );
          assertEquals(acknowledged.filter((id) => !intents.has(id)), []);
        } finally {
          assertEquals(await again.stop(), 0);
        }
      }),
  );
}
