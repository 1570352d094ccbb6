/** The audit trail in PostgreSQL: durable by one statement, tamper-evident, and of one living process for each chain. */

import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { sql } from "kysely";
import { AppError } from "../../../errors.ts";
import type { AuditRecord } from "../../../store/audit.ts";
import type { OpenedAuditLog } from "../../../store/audit/log.ts";
import { readLine, seal, withSignature } from "../../../store/audit/record.ts";
import { readPostgresLocation } from "../../../store/postgres_location.ts";
import { createChainLock } from "../../../store/sql/audit_lock.ts";
import { openPostgresSession } from "../../../store/sql/postgres.ts";
import {
  dropSchemasAfter,
  locationWith,
  needsPostgres,
  query,
  schemaOf,
} from "../../support/postgres.ts";
import { startTcpProxy } from "../../support/tcp_proxy.ts";
import type { TcpProxy } from "../../support/tcp_proxy.ts";
import { call } from "./support.ts";
import { numbersIn, withTables } from "./tables.ts";
import type { TableTrail } from "./tables.ts";

dropSchemasAfter();

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Registers a test with a trail of its own. */
function scene(behaviour: string, body: (trail: TableTrail) => Promise<void>): void {
  test(`postgres: ${behaviour}`, { ...needsPostgres, timeout: 120_000 }, () => withTables(body));
}

/** Five records: audit.started, three calls, audit.checkpoint. */
async function smallTrail(trail: TableTrail): Promise<string[]> {
  const log = await trail.open();
  for (let n = 1; n <= 3; n++) log.record(call(n));
  await log.close();
  const lines = await trail.lines();
  assertEquals([lines.length, await trail.fault()], [5, undefined]);
  return lines;
}

scene("commit() resolves when the record and all before it are in the table", async (trail) => {
  const log = await trail.open({ flushMs: 60_000 });
  log.record(call(1));
  assertEquals((await trail.lines()).length, 1);
  await log.commit(call(2));
  assertEquals(numbersIn(await trail.records()), [1, 2]);
  await Promise.all(range(3, 202).map((n) => log.commit(call(n))));
  assertEquals(numbersIn(await trail.records()), range(1, 202));
  const groups = (await trail.lines()).filter((line) => line.includes('},"signature":"'));
  assert(groups.length < 20, `${groups.length} groups`);
  await log.close();
  assertEquals(await trail.fault(), undefined);
});

scene("nothing in a string is changed on its way (H229)", async (trail) => {
  const evil = `a\r\n{"x":1}\u001b[2J\u2028\u202E"},{\\\\\\"}',$1;\u0000 NULL é😀`;
  const log = await trail.open();
  await log.commit(call(1, { reason: evil, details: { [evil]: evil } }));
  await log.commit(call(2, { reason: "" }));
  await log.close();
  const record = (await trail.records())[1]!;
  assertEquals([record.reason, record.details?.[evil]], [evil, evil]);
  assertEquals(await trail.fault(), undefined);
});

scene("a chain goes on after a restart, and each knows the others", async (trail) => {
  const server = await trail.open();
  await server.commit(call(1));
  await (await trail.open({ instance: "cli" })).close();
  await server.close();
  await (await trail.open()).close();
  const records = await trail.records();
  assertEquals(records.map(({ seq }) => seq), [1, 2, 3, 4, 5]);
  const [head] = Object(records[3]).details.heads;
  assertEquals([head.chain, head.seq], ["cli", 2]);
  assertEquals(await trail.storage.chains(), ["cli", "server"]);
  assertEquals(await trail.fault(), undefined);
});

scene("a name that is taken becomes NAME-2, and is free again afterwards", async (trail) => {
  const first = await trail.open({ waitMs: 0 });
  const second = await trail.open({ waitMs: 0 });
  assertEquals([first.chain, second.chain], ["server", "server-2"]);
  assertEquals(await trail.storage.isHeld("server"), true);
  await first.close();
  assertEquals(await trail.storage.isHeld("server"), false);
  const waiting = trail.open({ instance: "server-2", waitMs: 5_000 });
  await second.close();
  const again = await waiting;
  assertEquals(again.chain, "server-2");
  await again.close();
  assertEquals(await trail.fault(), undefined);
});

scene("processes that start at once get a chain each", async (trail) => {
  const logs = await Promise.all(range(1, 6).map(() => trail.open({ waitMs: 0 })));
  const names = logs.map(({ chain }) => chain).sort();
  assertEquals(names, ["server", ...range(2, 6).map((n) => `server-${n}`)]);
  await Promise.all(logs.map((log, n) => log.commit(call(n))));
  await Promise.all(logs.map((log) => log.close()));
  assertEquals(await trail.fault(), undefined);
});

scene("a character that is changed in any line is found, with its place (H230)", async (trail) => {
  const lines = await smallTrail(trail);
  for (const [index, line] of lines.entries()) {
    const put = (text: string) =>
      trail.sql("update LINES set line = $1 where chain = 'server' and seq = $2", text, index + 1);
    for (let at = 0; at < line.length; at += 37) {
      const character = line[at] === "0" ? "1" : "0";
      await put(line.slice(0, at) + character + line.slice(at + 1));
      const fault = await trail.fault();
      assert(fault, `line ${index + 1}, character ${at}`);
      assertEquals([fault.file, fault.line], ["audit_lines", index + 1]);
    }
    await put(line);
  }
  assertEquals(await trail.fault(), undefined);
});

scene("a line that is deleted, moved or added is found (H230)", async (trail) => {
  const lines = await smallTrail(trail);
  for (const seq of range(1, 5)) {
    await trail.sql("delete from LINES where seq = $1", seq);
    assertMatch((await trail.fault())!.problem, /is missing before it|cut off/);
    await trail.sql("insert into LINES values ('server', $1, $2)", seq, lines[seq - 1]);
    await trail.sql("update LINES set seq = seq + 100 where seq = $1", seq);
    assertMatch((await trail.fault())!.problem, /is missing before it|is stored as/);
    await trail.sql("update LINES set seq = seq - 100 where seq > 100");
  }
  assertEquals(await trail.fault(), undefined);

  const last = readLine(lines[4]!);
  assert(typeof last === "object");
  const forged = seal(call(9), { chain: "server", seq: 6, prev: last.hash }).line;
  const cases = [forged, withSignature(forged, last.signature!), "{}", ""];
  for (const line of cases) {
    await trail.sql("insert into LINES values ('server', 6, $1)", line);
    assertEquals((await trail.fault())?.line, 6);
    // No crash leaves half a group behind here, so this was somebody else.
    const error = await assertRejects(() => trail.open(), AppError, "audit verify");
    assertEquals([error.code, error.reason], ["unavailable", "audit_broken"]);
    assertMatch(error.message, /another GATEHOUSE_INSTANCE/);
    await trail.sql("delete from LINES where seq = 6");
  }
  await (await trail.open()).close();
  assertEquals(await trail.fault(), undefined);
});

scene("a head that is removed, changed or put back is found (H230)", async (trail) => {
  const log = await trail.open();
  const head = async () => String((await trail.sql("select head from HEADS"))[0]!["head"]);
  const put = (text: string) => trail.sql("update HEADS set head = $1", text);
  const first = await head();
  for (let n = 1; n <= 3; n++) await log.commit(call(n));
  await log.close();
  const newest = await head();
  await put(first);
  assertMatch((await trail.fault())!.problem, /the head was put back: 4 groups/);
  await put(newest.replace('"seq":5', '"seq":4'));
  assertMatch((await trail.fault())!.problem, /head/);
  await trail.sql("delete from HEADS");
  assertMatch((await trail.fault())!.problem, /head is missing/);
  await assertRejects(() => trail.open(), AppError, "no head");
});

scene("a chain that is removed whole is missed by those that knew it (H230)", async (trail) => {
  await (await trail.open({ instance: "cli" })).close();
  await (await trail.open()).close();
  await trail.sql("delete from LINES where chain = 'cli'; delete from HEADS where chain = 'cli'");
  assertMatch((await trail.fault())!.problem, /it is gone: the chain server knows its record 2/);
});

scene("a writer notices a head or a line of a stranger, and writes nothing more", async (trail) => {
  for (
    const harm of [
      () => trail.sql("update HEADS set head = head || ' '"),
      () => trail.sql("insert into LINES values ('server', 2, '{}')"),
    ]
  ) {
    const log = await trail.open({ flushMs: 10_000 });
    const before = (await trail.lines()).length;
    await harm();
    const after = (await trail.lines()).length;
    await assertRejects(() => log.commit(call(2)), AppError, "cannot be written");
    assertEquals([log.writable, log.chain], [false, "server"]);
    await log.close();
    assertEquals((await trail.lines()).length, after);
    assert(after >= before);
    await trail.sql("delete from LINES; delete from HEADS");
  }
});

scene("a writer whose session was ended goes on in its chain", async (trail) => {
  const errors: unknown[] = [];
  const log = await trail.open({ flushMs: 10, onError: (error) => errors.push(error) });
  await log.commit(call(1));
  await query("select pg_terminate_backend($1)", [await trail.holder("server")]);
  log.record(call(2));
  await commitAtLast(log, 3);
  assertEquals(log.chain, "server");
  assertEquals(numbersIn(await trail.records()), [1, 2, 3]);
  await log.close();
  assertEquals(await trail.fault(), undefined);
});

scene("a writer that was shut out takes another chain and loses nothing", async (trail) => {
  const warnings: Record<string, unknown>[] = [];
  const first = await trail.open({ onWarning: (_, properties) => warnings.push(properties) });
  await first.commit(call(1));
  await query("select pg_terminate_backend($1)", [await trail.holder("server")]);
  while (await trail.holder("server") !== undefined) await pause();
  const second = await trail.open({ waitMs: 0 });
  assertEquals(second.chain, "server");
  await second.commit(call(2));
  const taken = await trail.lines("server");
  first.record(call(3));
  await assertRejects(() => first.commit(call(4)), AppError);
  await commitAtLast(first, 5);
  assertEquals(first.chain, "server-2");
  assertEquals(await trail.lines("server"), taken);
  const moved = await trail.records("server-2");
  assertEquals(numbersIn(moved), [3, 4, 5]);
  assertEquals(Object(moved[0]).details.former, "server");
  assertEquals(warnings.map(({ former, chain }) => [former, chain]), [["server", "server-2"]]);
  const { records } = await first.query({ limit: 10, event: "tool.call" });
  assertEquals(numbersIn(records), [5, 4, 3, 2, 1]);
  await first.close();
  await second.close();
  assertEquals(await trail.fault(), undefined);
});

scene(
  "a writer that another shut out and that has ended by now does not go on there",
  async (trail) => {
    const first = await trail.open();
    await first.commit(call(1));
    await query("select pg_terminate_backend($1)", [await trail.holder("server")]);
    while (await trail.holder("server") !== undefined) await pause();
    const second = await trail.open({ waitMs: 0 });
    await second.commit(call(2));
    await second.close();
    const taken = await trail.lines("server");
    await commitAtLast(first, 3);
    assertEquals(await trail.lines("server"), taken);
    assertFalse(first.chain === "server");
    await first.close();
    assertEquals(await trail.fault(), undefined);
  },
);

scene(
  "while the server is away nothing is committed, and afterwards the chain goes on",
  async (trail) => {
    await throughProxy(trail, async (proxy, location) => {
      const errors: unknown[] = [];
      const log = await trail.open(
        { flushMs: 10, onError: (error) => errors.push(error) },
        location,
      );
      await log.commit(call(1));
      await proxy.stop();
      const error = await assertRejects(() => log.commit(call(2)), AppError);
      assertEquals([error.code, error.reason], ["unavailable", "audit_unavailable"]);
      assertEquals([log.writable, errors.length], [false, 1]);
      log.record(call(3));
      await proxy.start();
      await commitAtLast(log, 4);
      assertEquals(log.chain, "server");
      assertEquals(numbersIn(await trail.records()), [1, 2, 3, 4]);
      await log.close();
    });
    assertEquals(await trail.fault(), undefined);
  },
);

scene("a group whose answer was lost is there once, and the chain goes on", async (trail) => {
  await throughProxy(trail, async (proxy, location) => {
    const log = await trail.open({ flushMs: 10 }, location);
    await log.commit(call(1));
    proxy.mute();
    const lost = log.commit(call(2));
    while (numbersIn(await trail.records()).length < 2) await pause();
    await assertRejects(() => lost, AppError);
    proxy.strand();
    await proxy.start();
    await commitAtLast(log, 3);
    assertEquals(log.chain, "server");
    assertEquals(numbersIn(await trail.records()), [1, 2, 3]);
    await log.close();
  });
  assertEquals(await trail.fault(), undefined);
});

scene(
  "a session that the server has not missed yet does not keep its writer out",
  async (trail) => {
    await throughProxy(trail, async (proxy, location) => {
      const log = await trail.open({ flushMs: 10 }, location);
      await log.commit(call(1));
      const former = await trail.holder("server");
      proxy.strand();
      await commitAtLast(log, 2);
      assertEquals(log.chain, "server");
      assertFalse(await trail.holder("server") === former);
      assertEquals(numbersIn(await trail.records()), [1, 2]);
      await log.close();
    });
    assertEquals(await trail.fault(), undefined);
  },
);

scene("query() pages through chains of instances by time", async (trail) => {
  const logs = await Promise.all(["a", "b", "c"].map((instance) => trail.open({ instance })));
  for (const n of range(1, 60)) await logs[n * n % 3]!.commit(call(n));
  for (const limit of [7, 500]) {
    const found: AuditRecord[] = [];
    let pageToken: string | undefined;
    do {
      const page = await logs[0]!.query({
        limit,
        event: "tool.call",
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      found.push(...page.records);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    assertEquals(numbersIn(found), range(1, 60).reverse());
  }
  await Promise.all(logs.map((log) => log.close()));
});

scene("what is acknowledged is on the disk, whatever the role's default is", async (trail) => {
  await withRole(trail, async (role, location) => {
    await query(`alter role ${role} superuser; alter role ${role} set synchronous_commit = off`);
    const lock = createChainLock("another");
    const db = openPostgresSession(readPostgresLocation(location), lock.take);
    const { rows } = await sql`select current_setting('synchronous_commit') as value`.execute(db);
    await db.destroy();
    assertEquals([rows, lock.sessions], [[{ value: "on" }], 1]);
  });
});

scene("a role that may only read and add can write the trail", async (trail) => {
  await withRole(trail, async (role, location) => {
    const schema = schemaOf(trail.location);
    await query(`grant usage on schema ${schema} to ${role}`);
    await trail.sql(`grant select, insert on LINES to ${role}`);
    await trail.sql(`grant select, insert, update on HEADS to ${role}`);
    const log = await trail.open({}, location);
    await log.commit(call(1));
    await query("select pg_terminate_backend($1)", [await trail.holder("server")]);
    await commitAtLast(log, 2);
    assertEquals(numbersIn((await log.query({ limit: 2, event: "tool.call" })).records), [2, 1]);
    await log.close();
    await query(`drop owned by ${role}`);
  });
  assertEquals(await trail.fault(), undefined);
});

/** Runs work with a role of its own, and the location of the trail under its name. */
async function withRole(
  { location }: TableTrail,
  work: (role: string, location: string) => Promise<void>,
): Promise<void> {
  const role = `${schemaOf(location)}_role`;
  await query(`create role ${role} login`);
  try {
    const asRole = new URL(location);
    asRole.username = role;
    await work(role, asRole.href);
  } finally {
    await query(`drop role ${role}`);
  }
}

/** A short time-out, so that a silent server is given up soon. */
async function throughProxy(
  { location }: TableTrail,
  body: (proxy: TcpProxy, location: string) => Promise<void>,
): Promise<void> {
  const { hostname, port } = new URL(location);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port || 5432) });
  try {
    const through = new URL(locationWith({ statement_timeout: "500" }, location));
    through.port = String(proxy.port);
    await body(proxy, through.href);
  } finally {
    await proxy.stop();
  }
}

/** Records a call, and waits until it is durable; `commit()` would take it anew each time. */
async function commitAtLast(log: OpenedAuditLog, n: number): Promise<void> {
  log.record(call(n));
  while (!await log.flush().then(() => true, () => false)) await pause();
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
