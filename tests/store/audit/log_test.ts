/** The audit log: what is durable when, how a chain goes on, and what happens when it cannot be written (H229, H231). */

import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { createHash } from "node:crypto";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../../errors.ts";
import type { Checkpoint } from "../../../store/audit/statement.ts";
import { MAX_WAITING } from "../../../store/audit/writer.ts";
import { call, withTrail } from "./support.ts";
import type { Trail } from "./support.ts";

const recordsOf = async (trail: Trail, chain?: string) =>
  (await trail.lines(chain)).map((line) => JSON.parse(line).record);

test("commit() resolves when the record is in the file, and all that were taken before it", () =>
  withTrail(async (trail) => {
    const log = await trail.open({ flushMs: 60_000 });
    log.record(call(1));
    assertEquals((await recordsOf(trail)).length, 1);
    await log.commit(call(2));
    const records = await recordsOf(trail);
    assertEquals(records.map(({ seq, event }) => [seq, event]), [
      [1, "audit.started"],
      [2, "tool.call"],
      [3, "tool.call"],
    ]);
    assertEquals(records[2].request.id, "request-2");
    await log.close();
    assertEquals(await trail.fault(), undefined);
  }));

test("commits that come at once share groups, in the order they came", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    await Promise.all(Array.from({ length: 200 }, (_, n) => log.commit(call(n))));
    await log.close();
    const ids = (await recordsOf(trail)).map(({ request }) => request?.id).filter(Boolean);
    assertEquals(ids, Array.from({ length: 200 }, (_, n) => `request-${n}`));
    const groups = (await trail.lines()).filter((line) => line.includes('},"signature":"'));
    assert(groups.length < 20, `${groups.length} groups`);
    assertEquals(await trail.fault(), undefined);
  }));

test("the files are for their owner alone", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    await log.close();
    assertEquals((await stat(trail.directory)).mode & 0o777, 0o700);
    for (const name of await readdir(trail.directory)) {
      assertEquals((await stat(join(trail.directory, name))).mode & 0o777, 0o600, name);
    }
  }));

test("a chain goes on after a restart, and its first record says who else there is", () =>
  withTrail(async (trail) => {
    const server = await trail.open();
    await server.commit(call(1));
    const cli = await trail.open({ instance: "cli" });
    await cli.close();
    await server.close();
    const again = await trail.open();
    await again.close();
    const records = await recordsOf(trail);
    assertEquals(records.map(({ seq }) => seq), [1, 2, 3, 4, 5]);
    const started = records[3];
    assertEquals([started.event, started.details.version], ["audit.started", "1.2.3"]);
    const [head] = started.details.heads;
    assertEquals([head.chain, head.seq], ["cli", 2]);
    assertEquals(head.hash, JSON.parse((await trail.lines("cli"))[1]!).hash);
    assertFalse(started.details.bootId === records[0].details.bootId);
    assertEquals(await trail.fault(), undefined);
  }));

test("a name that is taken becomes NAME-2, and is free again afterwards", () =>
  withTrail(async (trail) => {
    const first = await trail.open({ waitMs: 0 });
    const second = await trail.open({ waitMs: 0 });
    const third = await trail.open({ waitMs: 0 });
    assertEquals([first.chain, second.chain, third.chain], ["server", "server-2", "server-3"]);
    await first.close();
    assertEquals((await trail.open({ waitMs: 0 })).chain, "server");
    const waiting = trail.open({ instance: "server-2", waitMs: 5_000 });
    await second.close();
    assertEquals((await waiting).chain, "server-2");
    assertEquals(await trail.fault(), undefined);
  }));

test("checkpoints come every thousand records, after a time, and at the end; each leaves the process", () =>
  withTrail(async (trail) => {
    const points: Checkpoint[] = [];
    const log = await trail.open({
      onCheckpoint: (point) => points.push(point),
      checkpointMs: 300,
    });
    for (let n = 0; n < 1500; n++) log.record(call(n));
    await log.flush();
    assertEquals(points.map(({ upToSeq }) => upToSeq), [1000]);
    while (points.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(points[1]!.upToSeq, 1502);
    log.record(call(1501));
    await log.close();
    assertEquals(points[2]!.upToSeq, 1504);
    for (const { signature, ...statement } of points) {
      assert(trail.keys.verify(statement, signature));
    }
    const { chains: [report] } = await trail.verify();
    assertEquals([report!.records, report!.lastCheckpoint?.seq], [1505, 1505]);
  }));

test("nothing in a string ends its line or reaches a terminal (H229)", () =>
  withTrail(async (trail) => {
    const evil = 'a\r\n{"x":1}\u001b[2J\u2028\u2029\u202E\u0085\u{E0041}"},\u0000é😀';
    const log = await trail.open();
    await log.commit(call(1, {
      reason: evil,
      principal: { issuer: evil, kind: "user", subject: evil, clientId: evil },
      tool: { name: evil, effect: evil },
      details: { [evil]: evil },
    }));
    await log.close();
    const [path] = await trail.segments();
    const text = await readFile(path!, "utf8");
    // deno-lint-ignore no-control-regex -- nothing but line feeds may be there
    assertFalse(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202e\u{E0041}]/u.test(text));
    assertEquals(text.trimEnd().split(/[\n\r\u2028\u2029\u0085]/).length, 3);
    const record = (await recordsOf(trail))[1];
    assertEquals([record.reason, record.principal.subject, record.details[evil]], [
      evil,
      evil,
      evil,
    ]);
    assertEquals(await trail.fault(), undefined);
  }));

test("an event that JSON cannot hold, or that is too large, is recorded without what stands in the way", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    const cycle: Record<string, never> = {};
    Object.assign(cycle, { cycle });
    const events = [
      call(1, { details: { lone: "\ud800" } }),
      call(2, { details: { nan: NaN } }),
      call(3, { details: cycle }),
      call(4, { details: { large: "x".repeat(100_000) } }),
      call(5, { reason: "\udfff".repeat(100_000) }),
    ];
    for (const event of events) log.record(event);
    await log.close();
    const records = (await recordsOf(trail)).slice(1, 6);
    assertEquals(records.map(({ details }) => Object.keys(details)), [
      ["unwritable"],
      ["unwritable"],
      ["unwritable"],
      ["cutLength"],
      ["unwritable"],
    ]);
    assertEquals(
      records.map(({ request }) => request.id),
      [1, 2, 3, 4, 5].map((n) => `request-${n}`),
    );
    assertEquals(await trail.fault(), undefined);
  }));

test("a torn end is set aside, told, and never repaired silently", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    await log.close();
    const [path] = await trail.segments();
    const whole = await readFile(path!);
    const torn = '{"hash":"00","record":{"chain":"server","decis';
    await appendFile(path!, torn);
    const fault = (await trail.fault())!;
    assertMatch(fault.problem, /no signature covers it/);
    assertEquals([fault.line, fault.seq], [3, 3]);

    const warnings: Record<string, unknown>[] = [];
    const again = await trail.open({ onWarning: (_, properties) => warnings.push(properties) });
    const tornSha256 = createHash("sha256").update(torn).digest("hex");
    assertEquals([warnings[0]?.["tornBytes"], warnings[0]?.["tornSha256"]], [
      torn.length,
      tornSha256,
    ]);
    await again.close();
    const started = (await recordsOf(trail))[2];
    assertEquals([started.details.tornBytes, started.details.tornSha256], [
      torn.length,
      tornSha256,
    ]);
    assertEquals((await readFile(path!)).subarray(0, whole.length), whole);
    const [aside] = (await readdir(trail.directory)).filter((name) => name.includes(".torn-"));
    assertEquals(await readFile(join(trail.directory, aside!), "utf8"), torn);
    assertEquals(await trail.fault(), undefined);
  }));

test("while the directory is gone nothing is committed, and afterwards the chain goes on (H231)", () =>
  withTrail(async (trail) => {
    const errors: unknown[] = [];
    const log = await trail.open({ flushMs: 10, onError: (error) => errors.push(error) });
    await log.commit(call(1));
    const away = `${trail.directory}.away`;
    await rename(trail.directory, away);
    await writeFile(trail.directory, "in the way");
    const error = await assertRejects(() => log.commit(call(2)), AppError);
    assertEquals([error.code, error.reason], ["unavailable", "audit_unavailable"]);
    assertEquals([log.writable, errors.length], [false, 1]);
    await assertRejects(() => log.commit(call(3)), AppError, "try again later");
    log.record(call(4));

    await rm(trail.directory);
    await rename(away, trail.directory);
    while (!log.writable) await new Promise((resolve) => setTimeout(resolve, 10));
    await log.commit(call(5));
    await log.close();
    const ids = (await recordsOf(trail)).map(({ request }) => request?.id).filter(Boolean);
    assertEquals(ids, [1, 2, 3, 4, 5].map((n) => `request-${n}`));
    assertEquals([await trail.fault(), errors.length], [undefined, 1]);
  }));

test("a segment that was removed, cut or written by another is noticed by its writer (H231)", () =>
  withTrail(async (trail) => {
    for (
      const harm of [
        (path: string) => rm(path),
        (path: string) => truncate(path, 100),
        (path: string) => appendFile(path, "x".repeat(5000)),
      ]
    ) {
      const log = await trail.open({ flushMs: 10_000 });
      await log.commit(call(1));
      const [path] = await trail.segments();
      await harm(path!);
      await assertRejects(() => log.commit(call(2)), AppError, "cannot be written");
      assertFalse(log.writable);
      await log.close();
      await rm(trail.directory, { recursive: true });
    }
  }));

test("what too many waiting records cost is counted in a record of its own (H231)", () =>
  withTrail(async (trail) => {
    const log = await trail.open({ flushMs: 60_000 });
    for (let n = 0; n < MAX_WAITING + 7000; n++) log.record(call(n));
    assertFalse(log.writable);
    await assertRejects(() => log.commit(call(1)), AppError);
    await log.flush();
    assert(log.writable);
    await log.close();
    const gaps = (await recordsOf(trail)).filter(({ event }) => event === "audit.gap");
    assertEquals(gaps.length, 1);
    const { dropped, since } = gaps[0].details;
    // Nineteen checkpoints took a place too, and the commit is missing.
    assertEquals(dropped, 7000 + 19 + 1);
    assertEquals(since, call(MAX_WAITING - 19).time);
    assertEquals(await trail.fault(), undefined);
  }));

test("a log that cannot be written does not open, and says why", () =>
  withTrail(async (trail) => {
    await writeFile(trail.directory, "a file");
    const error = await assertRejects(() => trail.open(), AppError, trail.directory);
    assertEquals([error.code, error.reason], ["unavailable", "audit_unavailable"]);
    await rm(trail.directory);
    await mkdir(trail.directory);
    await mkdir(join(trail.directory, "server.head.json.tmp"));
    await assertRejects(() => trail.open(), AppError, "cannot be written");
    await rm(join(trail.directory, "server.head.json.tmp"), { recursive: true });
    await (await trail.open({ waitMs: 0 })).close();
    assertEquals((await trail.segments()).length, 1);
  }));

test("close() gives the chain back when nothing can be written any more", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    log.record(call(1));
    await rename(trail.directory, `${trail.directory}.away`);
    await log.close();
    assertFalse(log.writable);
    await assertRejects(() => log.commit(call(2)), AppError);
    await rename(`${trail.directory}.away`, trail.directory);
    const again = await trail.open({ waitMs: 0 });
    assertEquals(again.chain, "server");
    await again.close();
    assertEquals(await trail.fault(), undefined);
  }));

test("fingerprint() tells equal from different, under the key of the deployment", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    assertMatch(log.fingerprint("a"), /^[0-9a-f]{64}$/);
    assertEquals(log.fingerprint("a"), log.fingerprint("a"));
    assertFalse(log.fingerprint("a") === log.fingerprint("b"));
    await log.close();
    const path = join(trail.folder, "gatehouse.audit.keys.json");
    assertEquals((await stat(path)).mode & 0o777, 0o600);
    await chmod(path, 0o644);
    await assertRejects(() => trail.verify(), AppError, "chmod 600");
  }));
