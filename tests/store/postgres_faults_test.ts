/** The PostgreSQL store while its server fails: what callers are told, and that it heals by itself. */

import { sql } from "kysely";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { readPostgresLocation } from "../../store/postgres_location.ts";
import { openPostgres } from "../../store/sql/postgres.ts";
import type { Database } from "../../store/sql/schema.ts";
import { retrying, transact } from "../../store/sql/transaction.ts";
import { openStore } from "../../store/mod.ts";
import type { Store } from "../../store/mod.ts";
import {
  dropSchemasAfter,
  needsPostgres,
  newLocation,
  query,
  SERVER,
} from "../support/postgres.ts";
import { startTcpProxy } from "../support/tcp_proxy.ts";
import type { TcpProxy } from "../support/tcp_proxy.ts";

dropSchemasAfter();

const now = () => new Date();
const PAGE = { pageSize: 1 };

async function withProxy(
  work: (store: Store, proxy: TcpProxy, location: string) => Promise<void>,
  parameters: Record<string, string> = {},
): Promise<void> {
  const { hostname, port } = new URL(SERVER);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port || 5432) });
  const url = new URL(newLocation(parameters));
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  const store = await openStore(url.href, { now });
  try {
    await work(store, proxy, url.href);
  } finally {
    await store.close();
    await proxy.stop();
  }
}

async function unavailable(call: () => Promise<unknown>): Promise<AppError> {
  const error = await assertRejects(call, AppError);
  assertEquals([error.code, error.status], ["unavailable", 503]);
  assertEquals(error.message, "The store cannot be used now; try again later");
  assert((error.retryAfterSeconds ?? 0) > 0, error.reason);
  return error;
}

function newApplication(): string {
  return `gatehouse_test_${randomBytes(4).toString("hex")}`;
}

/** Ends the server's side of every connection of one application. */
function terminate(application: string): Promise<unknown> {
  return query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
    [application],
  );
}

test(
  "postgres: while the server is away calls are refused with Retry-After, and go on when it is back",
  needsPostgres,
  () =>
    withProxy(async (store, proxy) => {
      const before = await store.workspace.listEnvironments(PAGE);
      await proxy.stop();
      for (let n = 0; n < 10; n++) {
        const calls = [
          () => store.workspace.listEnvironments(PAGE),
          () => store.workspace.inviteWorkspaceMember({ email: "a@b.example", role: "USER" }),
          () => store.authorizationState.consume("Code", "c"),
          () => store.replay.claim("proof", Date.now() + 1000),
          () => store.ping(),
        ];
        await Promise.all(calls.map(async (call) => {
          const error = await assertRejects(call, AppError);
          assertEquals(error.code, "unavailable");
          assert(error.retryAfterSeconds !== undefined);
        }));
      }
      await unavailable(() => store.workspace.listEnvironments(PAGE));
      await proxy.start();
      assertEquals(await store.workspace.listEnvironments(PAGE), before);
      await store.ping();
    }),
);

test(
  "postgres: connections that the server ends are replaced, idle ones unnoticed",
  needsPostgres,
  async () => {
    const application = newApplication();
    const store = await openStore(newLocation({ application_name: application }), { now });
    try {
      for (let n = 0; n < 3; n++) {
        await Promise.all([1, 2, 3, 4].map(() => store.workspace.listEnvironments(PAGE)));
        await terminate(application);
        // What the server has said may still be on its way to us; a refusal is right until then.
        await eventually(() => store.workspace.listEnvironments(PAGE));
      }
    } finally {
      await store.close();
    }
  },
);

test(
  "postgres: a connection that ends within a transaction ends the transaction, and nothing else",
  needsPostgres,
  async () => {
    const application = newApplication();
    await withDatabase(async (db) => {
      for (let n = 0; n < 5; n++) {
        await unavailable(() =>
          transact(db, async (trx) => {
            await trx.insertInto("secrets").values({ name: "half", value: "done" }).execute();
            await terminate(application);
            // Between two statements nobody waits for an answer; the loss must not end the process.
            await new Promise((resolve) => setTimeout(resolve, 20));
            await trx.selectFrom("secrets").selectAll().execute();
          })
        );
      }
      const rows = await eventually(() => db.selectFrom("secrets").selectAll().execute());
      assertEquals(rows, []);
    }, { application_name: application, pool_size: "2" });
  },
);

test(
  "postgres: a server that falls silent is given up, and its connection with it",
  needsPostgres,
  () =>
    withProxy(async (store, proxy) => {
      await store.ping();
      proxy.freeze();
      const error = await unavailable(() => store.workspace.listEnvironments(PAGE));
      assertEquals(error.reason, "slow");
      await proxy.stop();
      await proxy.start();
      await eventually(() => store.workspace.listEnvironments(PAGE));
    }, { statement_timeout: "100", connect_timeout: "1" }),
);

test(
  "postgres: calls beyond the pool wait for their turn, and no longer than told",
  needsPostgres,
  () =>
    withDatabase(async (db) => {
      const read = () => db.selectFrom("secrets").selectAll().execute();
      let release = () => {};
      const held = db.transaction().execute(() =>
        new Promise<void>((resolve) => release = resolve)
      );
      assertEquals((await unavailable(read)).reason, "overloaded");
      const crowd = await Promise.allSettled([
        ...Array.from({ length: 60 }, read),
        Promise.resolve().then(() => release()),
      ]);
      await held;
      const refused = crowd.filter(({ status }) => status === "rejected").length;
      assertEquals(refused, 10, "50 may wait for one connection");
    }, { pool_size: "1", connect_timeout: "1" }),
);

test(
  "postgres: a statement that takes too long is ended by the server, and the connection is kept",
  needsPostgres,
  () =>
    withDatabase(async (db) => {
      const session = async () => {
        const { rows: [row] } = await sql<{ pid: number }>`select pg_backend_pid() as pid`
          .execute(db);
        return row!.pid;
      };
      const before = await session();
      assertEquals((await unavailable(() => sql`select pg_sleep(30)`.execute(db))).reason, "slow");
      assertEquals(await session(), before);
    }, { pool_size: "1", statement_timeout: "200" }),
);

/** Resolves for the second caller and those after it. */
function meeting(): () => Promise<void> {
  let arrived = 0;
  let meet = () => {};
  const both = new Promise<void>((resolve) => meet = resolve);
  return () => {
    if (++arrived >= 2) meet();
    return both;
  };
}

test(
  "postgres: of transactions that read what the other writes, one is tried again and sees it",
  needsPostgres,
  () =>
    withDatabase(async (db) => {
      const both = meeting();
      let runs = 0;
      const addIfNone = (name: string) =>
        db.transaction().setIsolationLevel("serializable").execute(async (trx) => {
          runs++;
          const rows = await trx.selectFrom("secrets").selectAll().execute();
          await both();
          if (rows.length > 0) return;
          await trx.insertInto("secrets").values({ name, value: "" }).execute();
        });
      await Promise.all(["a", "b"].map((name) => retrying(() => addIfNone(name))));
      assertEquals((await db.selectFrom("secrets").selectAll().execute()).length, 1);
      assertEquals(runs, 3);
    }),
);

test(
  "postgres: of transactions that wait for each other, one is tried again",
  needsPostgres,
  () =>
    withDatabase(async (db) => {
      const both = meeting();
      let runs = 0;
      const addInOrder = (...names: string[]) =>
        transact(db, async (trx) => {
          runs++;
          for (const name of names) {
            await trx.insertInto("secrets").values({ name, value: "" })
              .onConflict((conflict) => conflict.doNothing()).execute();
            await both();
          }
        });
      await Promise.all([addInOrder("a", "b"), addInOrder("b", "a")]);
      assertEquals((await db.selectFrom("secrets").selectAll().execute()).length, 2);
      assertEquals(runs, 3);
    }),
);

/** Runs work on an empty store's tables. */
async function withDatabase(
  work: (db: Database) => Promise<void>,
  parameters: Record<string, string> = {},
): Promise<void> {
  const location = newLocation(parameters);
  await (await openStore(location, { now })).close();
  const db = openPostgres(readPostgresLocation(location));
  try {
    await work(db);
  } finally {
    await db.destroy();
  }
}

/** Repeats a call until it succeeds. */
async function eventually<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await call();
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
