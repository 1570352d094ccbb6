/** Several servers on one PostgreSQL store: one issuer with one set of keys, and a command line that works anywhere. */

import { Buffer } from "node:buffer";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { loadConfig } from "../../cli/config.ts";
import { startOperator } from "../../cli/operator.ts";
import { sharedKey } from "../../cli/shared_keys.ts";
import { AppError } from "../../errors.ts";
import { openStore } from "../../store/mod.ts";
import {
  dropSchemasAfter,
  needsPostgres,
  newLocation,
  query,
  schemaOf,
} from "../support/postgres.ts";
import { needs, program, run } from "../support/process.ts";
import { freePort, startServer } from "../support/server.ts";
import { gatehouse, withFolder } from "./support.ts";

dropSchemasAfter();

/** Several servers start and stop. */
const SLOW = { ...needsPostgres, timeout: 60_000 };
const silent = { debug() {}, info() {}, warning() {}, error() {} };

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

test("all instances have the operator's token, in the store", SLOW, async () => {
  const env = { GATEHOUSE_STORE: newLocation(), GATEHOUSE_OPERATOR_PORT: "0" };
  const config = await loadConfig({ env });
  const store = await openStore(env.GATEHOUSE_STORE, { now: () => new Date() });
  const parts = {
    metrics: { contentType: "text/plain", text: () => "" },
    readiness: () => Promise.reject(new Error("not asked")),
    audit: { query: () => Promise.resolve({ records: [] }) },
    secrets: store.secrets,
    recorder: { record: () => {}, refuse: () => {} },
    stopping: () => false,
  };
  const statusWith = async (token: string) => {
    const listener = await startOperator(config, parts, silent);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${listener!.port}/audit`, { headers });
    await answer.body?.cancel();
    await listener!.stop(100);
    return answer.status;
  };
  const table = `${schemaOf(env.GATEHOUSE_STORE)}.secrets`;
  try {
    assertEquals(await statusWith("gho_x"), 401);
    const token = await store.secrets.find("operator_token");
    assertMatch(token!, /^gho_[\w-]{43}$/);
    assertEquals([await statusWith(token!), await statusWith(token!)], [200, 200]);
    await query(`update ${table} set value = 'short' where name = 'operator_token'`);
    const error = await assertRejects(() => statusWith("short"), AppError, "malformed");
    assertFalse(error.message.includes("short"));
  } finally {
    await store.close();
  }
});

test(
  "a key is shared where the store is, and otherwise of this process",
  SLOW,
  async () => {
    const location = newLocation();
    const stores = await Promise.all(
      [1, 2].map(() => openStore(location, { now: () => new Date() })),
    );
    const shared = await Promise.all(
      stores.map(({ secrets }) => sharedKey(location, secrets, "confirmation_key")),
    );
    assertEquals(shared[0], shared[1]);
    assertEquals(shared[0]!.length, 32);
    const nonces = await sharedKey(location, stores[0]!.secrets, "dpop_nonce_key");
    assertFalse(Buffer.from(nonces).equals(shared[0]!), "one key for two purposes");
    await Promise.all(stores.map((store) => store.close()));
    const { secrets, close } = await openStore("sqlite::memory:", { now: () => new Date() });
    const own = await sharedKey("sqlite::memory:", secrets, "confirmation_key");
    assertFalse(own.every((byte, at) => byte === shared[0]![at]));
    assertEquals(await secrets.find("confirmation_key"), undefined);
    await close();
  },
);

test("explain reads what is revoked from the store", SLOW, async () => {
  const server = await startServer({ env: { GATEHOUSE_STORE: newLocation() } });
  try {
    const env = {
      GATEHOUSE_STORE: server.app.config.store,
      GATEHOUSE_PORT: String(server.port),
      GATEHOUSE_ISSUER_PORT: new URL(server.app.issuers[0]!).port,
    };
    const { out: token, err } = await gatehouse(["token"], env);
    assertEquals(err, "");
    const explain = () => gatehouse(["explain", "--tool", "list_environments"], env, token);
    const allowed = await explain();
    assertEquals([allowed.code, allowed.err], [0, ""]);
    assertEquals(
      (await gatehouse(["revoke", "--token", "-", "--reason", "seen"], env, token)).code,
      0,
    );
    const refused = await explain();
    assertEquals([refused.code, refused.err], [1, ""]);
    assertMatch(refused.out, /revoked/);
  } finally {
    await server.stop();
  }
});

test(
  "audit reads, verifies and exports the chains of all instances",
  SLOW,
  () =>
    withFolder(async (folder) => {
      const location = new URL(newLocation());
      location.password = "hunter2";
      const env = { GATEHOUSE_STORE: location.href };
      const nothing = await gatehouse(["audit", "tail"], env);
      assertEquals(nothing.code, 2);
      assertMatch(nothing.err, /There is no audit trail in postgres:\/\/postgres:\[redacted\]@/);
      const schema = "select from pg_namespace where nspname = $1";
      assertEquals(await query(schema, [schemaOf(location.href)]), [], "asking made a schema");

      const servers = await Promise.all([1, 2].map(() => startServer({ env })));
      assertEquals(
        (await gatehouse(["clients", "add", "ci", "--scopes", "env:read"], env)).code,
        0,
      );
      const running = await gatehouse(["audit", "verify"], env);
      assertEquals([running.code, running.err], [0, ""]);
      assertMatch(running.out, /cli +\d+ .* ok\nserver +\d+ .* ok\nserver-2 +\d+ .* ok\n/);
      await Promise.all(servers.map((server) => server.stop()));

      const added = await gatehouse(["audit", "query", "--event", "client.added", "--json"], env);
      assertEquals(JSON.parse(added.out).chain, "cli");
      const file = join(folder, "trail.jsonl");
      assertEquals((await gatehouse(["audit", "export", "--out", file], env)).code, 0);
      const exported = await gatehouse(["audit", "verify", "--file", file], env);
      assertEquals(exported.code, 0);
      assertMatch(exported.out, /in 3 chains/);
      assertFalse([nothing, running, exported].some(({ out, err }) => /hunter2/.test(out + err)));

      await query(
        `delete from ${schemaOf(location.href)}.audit_lines where chain = 'server' and seq = 1`,
      );
      const broken = await gatehouse(["audit", "verify"], env);
      assertEquals(broken.code, 1);
      assertMatch(
        broken.out,
        /Chain server, record 2, audit_lines line 1:\n {2}record 1 is missing/,
      );
    }),
);

test(
  "with a directory the trail is in files on this machine, under the shared keys",
  SLOW,
  () =>
    withFolder(async (folder) => {
      const env = { GATEHOUSE_STORE: newLocation() };
      const servers = await Promise.all(
        ["one", "two"].map((name) =>
          startServer({ env: { ...env, GATEHOUSE_AUDIT: join(folder, name) } })
        ),
      );
      // The chains have the same name, on machines of their own; the instances must not.
      for (const name of ["one", "two"]) {
        assert((await readdir(join(folder, name))).includes("server.head.json"));
      }
      const revoke = await gatehouse(["revoke", "--client", "x", "--reason", "test"], env);
      assertMatch(revoke.out, /In effect on 2 of 2 instances/);
      assertEquals(
        servers[0]!.app.audit.fingerprint("equal"),
        servers[1]!.app.audit.fingerprint("equal"),
      );
      await Promise.all(servers.map((server) => server.stop()));
      const verify = await gatehouse(["audit", "verify"], {
        ...env,
        GATEHOUSE_AUDIT: join(folder, "one"),
      });
      assertEquals(verify.code, 0);
      const lines = await query(
        `select distinct chain from ${schemaOf(env.GATEHOUSE_STORE)}.audit_lines`,
      );
      assertEquals(lines, [{ chain: "cli" }]);
    }),
);

test(
  "with audit.keysFile the keys of the trail are in that file",
  SLOW,
  () =>
    withFolder(async (folder) => {
      const keysFile = join(folder, "audit.keys.json");
      const config = join(folder, "config.json");
      await writeFile(config, JSON.stringify({ audit: { keysFile } }));
      const env = { GATEHOUSE_STORE: newLocation(), GATEHOUSE_CONFIG: config };
      const server = await startServer({ env });
      await server.stop();
      assertEquals((await readdir(folder)).sort(), ["audit.keys.json", "config.json"]);
      const table = `${schemaOf(env.GATEHOUSE_STORE)}.secrets`;
      assertEquals(await query(`select name from ${table} where name = 'audit_keys'`), []);
      assertEquals((await gatehouse(["audit", "verify"], env)).code, 0);
      const without = await gatehouse(["audit", "verify"], {
        GATEHOUSE_STORE: env.GATEHOUSE_STORE,
      });
      assertEquals(without.code, 2);
      assertMatch(without.err, /audit\.keysFile/);
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
