/** The PostgreSQL store: the contracts, each test in a schema of its own, and how it is opened. */

import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { AppError } from "../../errors.ts";
import { openStore } from "../../store/mod.ts";
import { freePort } from "../support/server.ts";
import {
  dropSchemasAfter,
  locationWith,
  needsPostgres,
  newLocation,
  query,
  schemaOf,
  SERVER,
  withPostgres,
} from "../support/postgres.ts";
import { describeAuthorization } from "./authorization_contract.ts";
import { describeConcurrency } from "./concurrency_contract.ts";
import { describeWorkspace } from "./contract.ts";
import { describeIdempotency } from "./idempotency_contract.ts";
import { describeRevocations } from "./revocation_contract.ts";

dropSchemasAfter();

const now = () => new Date();

withPostgres("the contracts", () => {
  describeWorkspace("postgres", () => openStore(newLocation(), { now }));
  describeAuthorization("postgres", (options) => openStore(newLocation(), options));
  describeRevocations("postgres", (options) => openStore(newLocation(), options));
  describeIdempotency("postgres", (options) => openStore(newLocation(), options));
  describeConcurrency("postgres", newLocation, openStore);
});

test(
  "postgres: what was written is there at the next opening, and nothing is seeded twice",
  needsPostgres,
  async () => {
    const location = newLocation();
    const first = await openStore(location, { now });
    const { items: environments } = await first.workspace.listEnvironments({ pageSize: 10 });
    const made = await first.workspace.createOrganization(environments[0]!.id, {
      displayName: "Kept",
    });
    await first.close();
    const second = await openStore(location, { now });
    assertEquals(await second.workspace.getOrganization(environments[0]!.id, made.id), made);
    assertEquals((await second.workspace.listEnvironments({ pageSize: 10 })).items, environments);
    await second.close();
  },
);

test("postgres and sqlite are seeded alike", needsPostgres, async () => {
  const stores = [
    await openStore(newLocation(), { now }),
    await openStore("sqlite::memory:", { now }),
  ];
  const [one, other] = await Promise.all(stores.map(async ({ workspace, close }) => {
    const { items: environments } = await workspace.listEnvironments({ pageSize: 10 });
    const lists = environments.map(({ id }) => workspace.listOrganizations(id, { pageSize: 2 }));
    const found = [environments, await Promise.all(lists)];
    await close();
    return found;
  }));
  assertEquals(one, other);
});

test(
  "postgres: imports that wait for each other leave connections for everybody else",
  needsPostgres,
  async () => {
    const store = await openStore(newLocation({ pool_size: "2" }), { now });
    const { workspace } = store;
    const { items: [environment] } = await workspace.listEnvironments({ pageSize: 1 });
    const { items: [organization] } = await workspace.listOrganizations(environment!.id, {
      pageSize: 1,
    });
    let running = 30;
    const imports = Array.from({ length: running }, async (_, batch) => {
      await workspace.importOrganizationUsers(
        environment!.id,
        organization!.id,
        Array.from({ length: 10 }, (_, row) => ({
          row,
          user: { email: `person${row}.${batch}@example.com`, roles: [] },
        })),
      );
      running--;
    });
    await workspace.getEnvironment(environment!.id);
    await workspace.getEnvironment(environment!.id);
    assert(running > 20, `${running} of 30 imports are running yet`);
    await Promise.all(imports);
    await store.close();
  },
);

test(
  "postgres: ids and names sort by their bytes, whatever the database's collation",
  needsPostgres,
  async () => {
    const location = newLocation();
    await (await openStore(location, { now })).close();
    const rows = await query(
      `select table_name, column_name from information_schema.columns
     where table_schema = $1 and data_type = 'text' and collation_name is distinct from 'C'`,
      [schemaOf(location)],
    );
    assertEquals(rows, []);
  },
);

test(
  "postgres: a schema with another program's tables is refused and left alone",
  needsPostgres,
  async () => {
    const location = newLocation();
    const schema = schemaOf(location);
    await query(`create schema ${schema}; create table ${schema}.invoices (id integer)`);
    const error = await assertRejects(() => openStore(location, { now }), AppError);
    assertEquals([error.code, error.reason], ["unavailable", "foreign_schema"]);
    assertStringIncludes(error.message, "?schema=NAME");
    const tables = await query("select tablename from pg_tables where schemaname = $1", [schema]);
    assertEquals(tables, [{ tablename: "invoices" }]);
  },
);

test(
  "postgres: a start is not disturbed by tables that others make and drop",
  { ...needsPostgres, timeout: 60_000 },
  async () => {
    const schema = schemaOf(newLocation());
    await query(`create schema ${schema}`);
    let opened = false;
    const disturb = async (_: unknown, n: number) => {
      const ids = Array.from({ length: 40 }, (_, column) => `id${column} serial`).join();
      while (!opened) {
        // In one query they would be one transaction, and nobody would see the table.
        await query(`create table ${schema}.t${n} (${ids})`);
        await query(`drop table ${schema}.t${n}`);
      }
    };
    const disturbing = Promise.all(Array.from({ length: 3 }, disturb));
    const location = newLocation();
    await (await openStore(location, { now })).close();
    try {
      for (let n = 0; n < 10; n++) await (await openStore(location, { now })).close();
    } finally {
      opened = true;
      await disturbing;
    }
  },
);

test("postgres: an empty schema that exists is taken", needsPostgres, async () => {
  const location = newLocation();
  await query(`create schema ${schemaOf(location)}`);
  const store = await openStore(location, { now });
  await store.ping();
  await store.close();
});

test("postgres: a newer schema is refused before anything is written", needsPostgres, async () => {
  const location = newLocation();
  await (await openStore(location, { now })).close();
  await query(
    `insert into ${schemaOf(location)}.gatehouse_migrations values (999, 'next', 'then')`,
  );
  const error = await assertRejects(() => openStore(location, { now }), AppError);
  assertEquals(error.reason, "newer_schema");
});

test("postgres: a user without privileges is told so", needsPostgres, async () => {
  const location = newLocation();
  await (await openStore(location, { now })).close();
  const role = `${schemaOf(location)}_guest`;
  await query(`create role ${role} login password 'hunter2'`);
  try {
    const asGuest = new URL(location);
    asGuest.username = role;
    asGuest.password = "hunter2";
    const error = await assertRejects(() => openStore(asGuest.href, { now }), AppError);
    assertEquals([error.code, error.reason], ["unavailable", "no_privilege"]);
    assertFalse(error.message.includes("hunter2"));
  } finally {
    await query(`drop role ${role}`);
  }
});

test("postgres: openStore() says in one line why, without the password", async () => {
  const port = await freePort();
  const closed = `postgres://ada:hunter2@127.0.0.1:${port}/gatehouse`;
  const error = await assertRejects(() => openStore(closed, { now }), AppError);
  assertEquals([error.code, error.reason, error.retryAfterSeconds], [
    "unavailable",
    "unreachable",
    5,
  ]);
  assertEquals(
    error.message,
    `Cannot open the store postgres://ada:[redacted]@127.0.0.1:${port}/gatehouse: no server answers there`,
  );
  assertFalse(`${error.stack} ${JSON.stringify(error)} ${error.cause}`.includes("hunter2"));
});

test(
  "postgres: a missing database is told apart from a missing server",
  needsPostgres,
  async () => {
    const location = new URL(locationWith({}, SERVER));
    location.pathname = "/gatehouse_test_missing";
    const error = await assertRejects(() => openStore(location.href, { now }), AppError);
    assertEquals([error.reason, error.retryAfterSeconds], ["no_database", undefined]);
  },
);

test(
  "postgres: a server without TLS is not spoken to in plain text where TLS is asked for",
  needsPostgres,
  async () => {
    const [{ ssl } = {}] = await query("show ssl");
    const error = await assertRejects(
      () => openStore(newLocation({ sslmode: "verify-full" }), { now }),
      AppError,
    );
    // A test server with TLS has a certificate of its own making.
    assertEquals(error.reason, ssl === "on" ? "untrusted_certificate" : "no_tls");
    assert(error.message.includes("sslmode=verify-full"));
  },
);
