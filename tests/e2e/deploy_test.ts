/** The entry for hosts that own the listener: served by `deno serve` with network and environment alone, and by Bun. */

import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { EXECUTABLES } from "../support/build.ts";
import { dropSchemasAfter, needsPostgres, newLocation } from "../support/postgres.ts";
import { needs, run, startProcess } from "../support/process.ts";
import { freePort, startIssuer } from "../support/server.ts";
import { callTool, checkWire } from "./wire.ts";

dropSchemasAfter();

const ENTRY = "cli/deploy.ts";
const DENO_SERVE = [
  EXECUTABLES.deno,
  "serve",
  "--no-prompt",
  "--allow-net",
  "--allow-env",
  "--host=127.0.0.1",
];

for (const runtime of ["deno", "bun"] as const) {
  const title = runtime === "deno" ? "network and environment permission alone" : "bun";
  test(`the entry serves with ${title}`, needs(runtime), async () => {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const issuer = await startIssuer(`${url}/mcp`, "env:read");
    const server = await startProcess({
      command: runtime === "deno"
        ? [...DENO_SERVE, `--port=${port}`, ENTRY]
        : [EXECUTABLES.bun, ENTRY],
      env: {
        GATEHOUSE_PORT: String(port),
        GATEHOUSE_URL: url,
        GATEHOUSE_ISSUER: issuer.issuer,
        GATEHOUSE_JWKS_URI: issuer.jwksUri,
      },
    });
    try {
      await checkWire(server, await issuer.token());
      const answer = await callTool(url, "create_organization", {
        token: await issuer.token({ claims: { scope: "org:write" } }),
        input: { environmentId: "env_none", displayName: "Acme" },
      });
      assertEquals(answer.status, 200);
      assertStringIncludes(await answer.text(), "not_found");
      assertStringIncludes(server.stderr, '"peer":"127.0.0.1"');
    } finally {
      await server.stop();
      await issuer.stop();
    }
  });
}

test(
  "the entry with a PostgreSQL store ends when it is told to",
  { ...needs("deno"), ...needsPostgres },
  async () => {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const issuer = await startIssuer(`${url}/mcp`, "env:read");
    const server = await startProcess({
      command: [...DENO_SERVE, `--port=${port}`, ENTRY],
      env: {
        GATEHOUSE_PORT: String(port),
        GATEHOUSE_URL: url,
        GATEHOUSE_ISSUER: issuer.issuer,
        GATEHOUSE_JWKS_URI: issuer.jwksUri,
        GATEHOUSE_STORE: newLocation(),
      },
    });
    try {
      const answer = await callTool(url, "list_environments", { token: await issuer.token() });
      assertEquals(answer.status, 200);
      await answer.body?.cancel();
    } finally {
      // Null would be the signal that follows when nothing else helps.
      const code = await server.stop();
      await issuer.stop();
      assertEquals(code === null, false);
    }
  },
);

test(
  "the entry does not start without an issuer, a store and a URL, and names all three",
  needs("deno"),
  async () => {
    const { code, stdout, stderr } = await run([...DENO_SERVE, "--port=0", ENTRY]);
    assertEquals([code, stdout], [1, ""]);
    for (const name of ["GATEHOUSE_URL", "GATEHOUSE_ISSUER", "GATEHOUSE_STORE"]) {
      assertStringIncludes(stderr, `Set ${name}: `);
    }
  },
);
