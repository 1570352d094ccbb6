/** Several servers on one PostgreSQL store: one issuer with one set of keys, and a command line that works anywhere. */

import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { assertEquals, assertFalse, assertMatch } from "@std/assert";
import { openStore } from "../../store/mod.ts";
import { dropSchemas, needsPostgres, newLocation, query, schemaOf } from "../support/postgres.ts";
import { needs, program, run } from "../support/process.ts";
import { freePort, startServer } from "../support/server.ts";
import { gatehouse, withFolder } from "./support.ts";

after(dropSchemas);

test(
  "servers that start at once on an empty store share keys and the client of the command line",
  needsPostgres,
  async () => {
    const store = newLocation();
    const servers = await Promise.all(
      [1, 2, 3].map(() => startServer({ env: { GATEHOUSE_STORE: store } })),
    );
    try {
      const jwks = servers.map(({ app }) => app.authorizationServer!.jwks);
      for (const keys of jwks) assertEquals(keys, jwks[0]);
      const opened = await openStore(store, { now: () => new Date() });
      const clients = await opened.clients.list();
      await opened.close();
      assertEquals(clients.length, 1);
      for (const { port, app } of servers) {
        const { code, out, err } = await gatehouse(["call", "list_environments"], {
          GATEHOUSE_STORE: store,
          GATEHOUSE_PORT: String(port),
          GATEHOUSE_ISSUER_PORT: new URL(app.issuers[0]!).port,
        });
        assertEquals([code, err], [0, ""]);
        assertEquals(JSON.parse(out).totalSize, 2);
      }
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  },
);

test(
  "with keysFile the keys are in that file and not in the database",
  needsPostgres,
  () =>
    withFolder(async (folder) => {
      const store = newLocation();
      const keysFile = join(folder, "shared.keys.json");
      const config = join(folder, "config.json");
      await writeFile(config, JSON.stringify({ authorizationServer: { keysFile } }));
      const { code } = await gatehouse(["token", "--config", config], { GATEHOUSE_STORE: store });
      // No server runs; the keys were looked up before one was asked.
      assertEquals(code, 1);
      assertEquals((await readdir(folder)).sort(), ["config.json", "shared.keys.json"]);
      await (await openStore(store, { now: () => new Date() })).close();
      assertEquals(await query(`select name from ${schemaOf(store)}.secrets`), []);
    }),
);

test(
  "explain says that no server has run with the store, without its password",
  needsPostgres,
  async () => {
    const store = new URL(newLocation());
    store.password = "hunter2";
    const { code, out, err } = await gatehouse(["explain", "x.y.z"], {
      GATEHOUSE_STORE: store.href,
    });
    assertEquals(code, 2);
    assertMatch(err, /No server has run with postgres:\/\/postgres:\[redacted\]@/);
    assertFalse(`${out}${err}`.includes("hunter2"));
  },
);

test(
  "a store that cannot be had ends the start: 1 where trying again helps, 2 where it does not",
  needs("deno"),
  async () => {
    const port = await freePort();
    const start = (store: string) =>
      run([...program("deno"), "serve"], {
        env: { GATEHOUSE_PORT: "0", GATEHOUSE_ISSUER_PORT: "0", GATEHOUSE_STORE: store },
      });
    const away = await start(`postgres://ada:hunter2@127.0.0.1:${port}/db`);
    assertEquals([away.code, away.stdout], [1, ""]);
    assertEquals(
      away.stderr.trim(),
      `gatehouse: Cannot open the store postgres://ada:[redacted]@127.0.0.1:${port}/db: no server answers there`,
    );
    const wrong = await start(`postgres://ada:hunter2@127.0.0.1:${port}/db?sslmod=require`);
    assertEquals([wrong.code, wrong.stdout], [2, ""]);
    assertMatch(wrong.stderr, /^gatehouse: GATEHOUSE_STORE \(store\): .* unknown parameter/);
    assertFalse(`${away.stderr}${wrong.stderr}`.includes("hunter2"));
  },
);
