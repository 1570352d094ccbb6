/** Revocation between processes, on both runtimes: the command line, and two servers that share a store. */

import { test } from "node:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { needs, program, run, startProcess, withDirectory } from "../support/process.ts";
import { startIssuer } from "../support/server.ts";
import { callTool } from "./wire.ts";

const AUDIENCE = "https://mcp.example.com/mcp";

for (const runtime of ["deno", "bun"] as const) {
  const options = { ...needs(runtime), timeout: 120_000 };

  test(
    `${runtime}: revoke is in force on every server when it returns, and after a restart (H087, H226)`,
    options,
    () =>
      withDirectory(async (cwd) => {
        const issuer = await startIssuer(AUDIENCE, "env:read");
        const env = {
          GATEHOUSE_STORE: "sqlite:gatehouse.db",
          GATEHOUSE_ISSUER: issuer.issuer,
          GATEHOUSE_JWKS_URI: issuer.jwksUri,
          GATEHOUSE_AUDIENCE: AUDIENCE,
        };
        const gatehouse = (...args: readonly string[]) =>
          run([...program(runtime), ...args], { cwd, env });
        const start = () => startProcess({ runtime, cwd, env });
        const [first, second] = [await start(), await start()];
        const statuses = (token: string, ...servers: readonly { readonly url: string }[]) =>
          Promise.all(servers.map(async ({ url }) => {
            const response = await callTool(url, "list_environments", { token });
            await response.body?.cancel();
            return response.status;
          }));
        try {
          const token = await issuer.token();
          const bystander = await issuer.token({ claims: { sub: "user-2" } });
          assertEquals(await statuses(token, first, second), [200, 200]);
          const revoke = await gatehouse("revoke", "--subject", "user-1", "--reason", "a test");
          assertEquals(await statuses(token, first, second), [401, 401]);
          assertEquals([revoke.code, revoke.stderr], [0, ""]);
          assertStringIncludes(revoke.stdout, "In effect on 2 of 2 instances");
          assertEquals(await statuses(bystander, first, second), [200, 200]);

          assertEquals(await second.stop(), 0);
          const third = await start();
          try {
            assertEquals(await statuses(token, first, third), [401, 401]);
            const [, id] = /restore (rev_\w+)/.exec(revoke.stdout)!;
            const restore = await gatehouse("restore", id!);
            assertEquals(await statuses(token, first, third), [200, 200]);
            assertMatch(restore.stdout, /^Restored subject user-1 .*\nIn effect on 2 of 2/);
          } finally {
            await third.stop();
          }
          const trail = await gatehouse("audit", "query", "--json", "--subject", "user-1");
          const refused = trail.stdout.split("\n").filter((line) =>
            line.includes("subject_revoked")
          );
          // Two at once, and two after the restart.
          assertEquals(refused.length, 4, "a refused record does not say whose token it was");
        } finally {
          await second.stop();
          await first.stop();
          await issuer.stop();
        }
      }),
  );
}
