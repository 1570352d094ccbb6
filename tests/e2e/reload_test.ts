/** A configuration that is read again while the real program runs: all of it or nothing, and no request is lost. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { needs, program, run, startProcess, withDirectory } from "../support/process.ts";
import { startIssuer } from "../support/server.ts";
import { callTool } from "./wire.ts";

const AUDIENCE = "https://mcp.example.com/mcp";

for (const runtime of ["deno", "bun"] as const) {
  const options = { ...needs(runtime), timeout: 60_000 };

  test(
    `${runtime}: SIGHUP takes up issuers and limits, and refuses a broken file as a whole`,
    options,
    () =>
      withDirectory(async (cwd) => {
        const [first, second] = [
          await startIssuer(AUDIENCE, "env:read"),
          await startIssuer(AUDIENCE, "env:read"),
        ];
        const file = join(cwd, "config.json");
        const trust = (...issuers: readonly { issuer: string; jwksUri: string }[]) =>
          issuers.map(({ issuer, jwksUri }) => ({ issuer, jwksUri, audiences: [AUDIENCE] }));
        const write = (config: unknown) => writeFileSync(file, JSON.stringify(config));
        write({ issuers: trust(first) });
        const env = { GATEHOUSE_CONFIG: file, GATEHOUSE_STORE: "sqlite:gatehouse.db" };
        const server = await startProcess({ runtime, cwd, env });
        const status = async (issuer: typeof first) => {
          const response = await callTool(server.url, "list_environments", {
            token: await issuer.token(),
          });
          await response.body?.cancel();
          return response.status;
        };
        const hangUp = async (line: string) => {
          const before = server.stderr.length;
          process.kill(server.pid, "SIGHUP");
          while (!server.stderr.slice(before).includes(line)) {
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        };
        try {
          assertEquals([await status(first), await status(second)], [200, 401]);

          // Calls go on while the configuration changes.
          let going = true;
          const statuses = new Set<number>();
          const load = (async () => {
            while (going) statuses.add(await status(first));
          })();
          write({ issuers: trust(first, second) });
          await hangUp("configuration reloaded");
          assertEquals([await status(first), await status(second)], [200, 200]);

          write({ issuers: trust(second), rateLimit: { client: { points: "many" } } });
          await hangUp("is refused");
          assertEquals([await status(first), await status(second)], [200, 200]);

          write({ issuers: trust(second), instance: "other" });
          await hangUp("instance cannot change while the server runs");
          assertEquals([await status(first), await status(second)], [200, 200]);
          going = false;
          await load;
          assertEquals([...statuses], [200]);

          write({ issuers: trust(second) });
          await hangUp("configuration reloaded");
          assertEquals([await status(first), await status(second)], [401, 200]);
        } finally {
          assertEquals(await server.stop(), 0);
          await first.stop();
          await second.stop();
        }
        const { stdout } = await run(
          [...program(runtime), "audit", "query", "--json", "--store", "sqlite:gatehouse.db"],
          { cwd },
        );
        const changes = stdout.split("\n").filter((line) => line.includes('"configuration.'))
          .map((line) => JSON.parse(line)).map(({ event, reason }) => `${event} ${reason}`);
        assertEquals(changes, [
          "configuration.loaded ok",
          "configuration.refused restart_needed",
          "configuration.refused misconfigured",
          "configuration.loaded ok",
          // At the start.
          "configuration.loaded ok",
        ]);
        assertStringIncludes(server.stdout, "Issuer");
      }),
  );
}
