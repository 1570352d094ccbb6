/** deploy/backup.sh against a server that is being written to: the copy starts elsewhere, and nothing in it is missing or broken. */

import { mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { needs, program, run, startProcess, withDirectory } from "../support/process.ts";
import type { RunningProcess } from "../support/process.ts";
import { startIssuer } from "../support/server.ts";
import { callTool } from "../e2e/wire.ts";
import { DEPLOY, needsProgram } from "./files.ts";

const AUDIENCE = "https://mcp.example.com/mcp";
const SCOPES = "env:read org:read org:write";
const options = { timeout: 60_000, ...needs("deno"), ...needsProgram("sqlite3", "--version") };

interface Organization {
  readonly displayName: string;
}

/** Reads what a tool answered; fails where it refused. */
async function output(
  server: RunningProcess,
  tool: string,
  token: string,
  input: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const response = await callTool(server.url, tool, { token, input });
  const text = await response.text();
  assertEquals(response.status, 200, text);
  const { result } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
  assert(!result.isError, text);
  return result.structuredContent;
}

test(
  "a backup that is taken while writes run is restored whole: data, clients, revocations and the audit chain",
  options,
  () =>
    withDirectory(async (folder) => {
      const [live, elsewhere] = [join(folder, "live"), join(folder, "elsewhere")];
      mkdirSync(live);
      const issuer = await startIssuer(AUDIENCE, SCOPES);
      const env = {
        GATEHOUSE_ISSUER: issuer.issuer,
        GATEHOUSE_JWKS_URI: issuer.jwksUri,
        GATEHOUSE_AUDIENCE: AUDIENCE,
        GATEHOUSE_STORE: `sqlite:${join(live, "gatehouse.db")}`,
      };
      const gatehouse = (place: string, ...args: readonly string[]) =>
        run([...program("deno"), ...args, "--store", `sqlite:${join(place, "gatehouse.db")}`], {
          env,
        });
      const token = await issuer.token();
      const first = await startProcess({ cwd: live, env });
      const acknowledged: string[] = [];
      let writing = true;
      let writer = Promise.resolve();
      try {
        const { environments } = await output(first, "list_environments", token, { pageSize: 1 });
        const [{ id: environmentId }] = environments as [{ id: string }];
        const add = async (displayName: string) => {
          await output(first, "create_organization", token, { environmentId, displayName });
          acknowledged.push(displayName);
        };
        for (let number = 0; number < 5; number += 1) await add(`Before ${number}`);
        const revoked = await gatehouse(live, "revoke", "--subject", "mallory", "--reason", "left");
        assertEquals(revoked.code, 0, revoked.stderr);
        writer = (async () => {
          for (let number = 0; writing && number < 5000; number += 1) {
            await add(`Meanwhile ${number}`);
          }
        })();

        const before = [...acknowledged];
        const copied = await run([
          "sh",
          join(DEPLOY, "backup.sh"),
          join(live, "gatehouse.db"),
          join(folder, "backup"),
        ], {
          env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
        });
        assertEquals([copied.code, copied.stderr], [0, ""]);
        assertStringIncludes(copied.stdout, "gatehouse audit verify --store sqlite:");
        const during = acknowledged.length;
        writing = false;
        await writer;
        assert(during > before.length, "nothing was written meanwhile, so this says nothing");
        for (const name of readdirSync(join(folder, "backup"))) {
          assertEquals(statSync(join(folder, "backup", name)).mode & 0o077, 0, name);
        }

        renameSync(join(folder, "backup"), elsewhere);
        const verified = await gatehouse(elsewhere, "audit", "verify");
        assertEquals(verified.code, 0, verified.stdout);

        const second = await startProcess({
          cwd: elsewhere,
          env: { ...env, GATEHOUSE_STORE: `sqlite:${join(elsewhere, "gatehouse.db")}` },
        });
        try {
          const restored = await namesIn(second, token, environmentId);
          for (const name of before) assert(restored.includes(name), name);
          // Each change that is in the data is in the trail too.
          const { stdout } = await gatehouse(
            elsewhere,
            "audit",
            "query",
            "--tool",
            "create_organization",
            "--json",
            "--limit",
            "20000",
          );
          const intents = stdout.split("\n").filter((line) => line.includes('"intent"')).length;
          assert(
            intents >= restored.filter((name) => /^(Before|Meanwhile)/.test(name)).length,
            `${intents} intents`,
          );
          assertStringIncludes((await gatehouse(elsewhere, "revocations")).stdout, "mallory");
          // It goes on, and the chain with it.
          await output(second, "create_organization", token, {
            environmentId,
            displayName: "After",
          });
        } finally {
          assertEquals(await second.stop(), 0);
        }
        const after = await gatehouse(elsewhere, "audit", "verify");
        assertEquals(after.code, 0, after.stdout);
      } finally {
        writing = false;
        await writer.catch(() => {});
        await first.stop();
        await issuer.stop();
      }
    }),
);

async function namesIn(
  server: RunningProcess,
  token: string,
  environmentId: string,
): Promise<readonly string[]> {
  const names: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await output(server, "list_organizations", token, {
      environmentId,
      pageSize: 100,
      ...(pageToken ? { pageToken } : {}),
    });
    names.push(...(page["organizations"] as Organization[]).map(({ displayName }) => displayName));
    pageToken = page["nextPageToken"] as string | undefined;
  } while (pageToken);
  return names;
}

test(
  "backup.sh writes over nothing, and says what it needs",
  options,
  () =>
    withDirectory(async (folder) => {
      const script = join(DEPLOY, "backup.sh");
      const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
      assertEquals((await run(["sh", script], { env })).code, 2);
      const absent = await run(["sh", script, join(folder, "none.db"), join(folder, "to")], {
        env,
      });
      assertEquals([absent.code, readdirSync(folder)], [2, []]);
      mkdirSync(join(folder, "to"));
      const again = await run(["sh", script, script, join(folder, "to")], { env });
      assert(again.code !== 0);
      assertEquals(readdirSync(join(folder, "to")), []);
    }),
);
