/** H230: whatever is done to the files of a trail, verification fails and says where. */

import { Buffer } from "node:buffer";
import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../../errors.ts";
import { readLine, seal, withSignature } from "../../../store/audit/record.ts";
import { call, withTrail } from "./support.ts";
import type { Trail } from "./support.ts";

/** Five records: audit.started, three calls, audit.checkpoint; all but the calls are the ends of a group. */
async function smallTrail(trail: Trail): Promise<{ path: string; lines: string[] }> {
  const log = await trail.open();
  for (let n = 1; n <= 3; n++) log.record(call(n));
  await log.close();
  const [path] = await trail.segments();
  const lines = await trail.lines();
  assertEquals([lines.length, await trail.fault()], [5, undefined]);
  return { path: path!, lines };
}

const write = (path: string, lines: readonly string[]) =>
  writeFile(path, lines.map((line) => `${line}\n`).join(""));

for (const number of [1, 2, 3, 4, 5]) {
  test(`a changed byte anywhere in line ${number} of a segment is found, with its place (H230)`, () =>
    withTrail(async (trail) => {
      const { path, lines } = await smallTrail(trail);
      const bytes = await readFile(path);
      const begin = Buffer.byteLength(
        lines.slice(0, number - 1).map((line) => `${line}\n`).join(""),
      );
      const end = begin + Buffer.byteLength(lines[number - 1]!);
      for (let at = begin; at <= end; at++) {
        for (const value of at % 8 === 0 ? [bytes[at]! ^ 1, 0xff] : [bytes[at]! ^ 1]) {
          const changed = new Uint8Array(bytes);
          changed[at] = value;
          await writeFile(path, changed);
          const fault = await trail.fault();
          assert(fault, `byte ${at} as ${value}`);
          // Without its line end the last line was never written whole, and the head tells of it instead.
          const isLastEnd = at === bytes.length - 1;
          if (!isLastEnd) assertEquals(fault.line, number, `byte ${at}: ${fault.problem}`);
        }
      }
    }));
}

test("a changed byte anywhere in the head file is found (H230)", () =>
  withTrail(async (trail) => {
    await smallTrail(trail);
    const path = join(trail.directory, "server.head.json");
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; at++) {
      const changed = new Uint8Array(bytes);
      changed[at] = bytes[at]! ^ 1;
      await writeFile(path, changed);
      assertMatch((await trail.fault())!.problem, /head/);
    }
  }));

test("a record that is deleted, repeated or moved is found (H230)", () =>
  withTrail(async (trail) => {
    const { path, lines } = await smallTrail(trail);
    for (let at = 0; at < lines.length; at++) {
      const without = lines.toSpliced(at, 1);
      await write(path, without);
      const deleted = (await trail.fault())!;
      assertMatch(deleted.problem, /is missing before it|cut off/);
      if (at < lines.length - 1) assertEquals([deleted.line, deleted.seq], [at + 1, at + 2]);

      await write(path, lines.toSpliced(at, 0, lines[at]!));
      const repeated = (await trail.fault())!;
      assertMatch(repeated.problem, /repeated or out of order/);
      assertEquals([repeated.line, repeated.seq], [at + 2, at + 1]);

      if (at === 0) continue;
      await write(path, [
        ...lines.slice(0, at - 1),
        lines[at]!,
        lines[at - 1]!,
        ...lines.slice(at + 1),
      ]);
      const moved = (await trail.fault())!;
      assertMatch(moved.problem, /is missing before it/);
      assertEquals([moved.line, basename(moved.file!)], [at, basename(path)]);
    }
  }));

test("a trail that is cut off at any record, or in the middle of one, is found (H230)", () =>
  withTrail(async (trail) => {
    const { path, lines } = await smallTrail(trail);
    for (let kept = 0; kept < lines.length; kept++) {
      await write(path, lines.slice(0, kept));
      assertMatch((await trail.fault())!.problem, /cut off after record/);
      await appendFile(path, lines[kept]!.slice(0, 40));
      assertMatch((await trail.fault())!.problem, /cut off after record/);
      const error = await assertRejects(() => trail.open(), AppError, "audit verify");
      assertEquals([error.code, error.reason], ["unavailable", "audit_broken"]);
      assertMatch(error.message, /move the directory away/);
    }
    await rm(path);
    assertMatch((await trail.fault())!.problem, /cut off after record 0/);
    await assertRejects(() => trail.open(), AppError, "audit verify");
  }));

test("a forged record is found, with its hashes recomputed or not (H230)", () =>
  withTrail(async (trail) => {
    const { path, lines } = await smallTrail(trail);
    const last = readLine(lines.at(-1)!);
    assert(typeof last === "object");
    const forged = seal(call(9), { chain: "server", seq: 6, prev: last.hash });
    const careless = seal(call(9), { chain: "server", seq: 6, prev: "0".repeat(64) });
    const cases: [string, RegExp][] = [
      [forged.line, /no signature covers it/],
      [withSignature(forged.line, last.signature!), /its signature is wrong/],
      [careless.line, /does not continue the record before it/],
      [forged.line.replace("allow", "deny"), /its hash is another/],
      ["", /not a JSON object/],
    ];
    for (const [line, problem] of cases) {
      await write(path, [...lines, line]);
      const fault = (await trail.fault())!;
      assertMatch(fault.problem, problem);
      assertEquals([fault.line, fault.seq], [6, 6]);
    }
  }));

test("a trail whose end was rewritten with right hashes is found by the signatures (H230)", () =>
  withTrail(async (trail) => {
    const { path, lines } = await smallTrail(trail);
    let prev = (readLine(lines[0]!) as { hash: string }).hash;
    const rewritten = [2, 3, 4, 5].map((seq) => {
      const sealed = seal(call(seq, { decision: "deny" }), { chain: "server", seq, prev });
      prev = sealed.hash;
      return sealed.line;
    });
    await write(path, [lines[0]!, ...rewritten]);
    assertMatch((await trail.fault())!.problem, /the signed head knows another record/);
    await assertRejects(() => trail.open(), AppError, "audit verify");
  }));

test("a head that is removed, put back or taken from another chain is found (H230)", () =>
  withTrail(async (trail) => {
    const head = join(trail.directory, "server.head.json");
    const log = await trail.open();
    const first = await readFile(head);
    for (let n = 1; n <= 3; n++) await log.commit(call(n));
    const other = await trail.open({ waitMs: 0 });
    await log.close();
    await other.close();
    const newest = await readFile(head);

    await writeFile(head, first);
    assertMatch((await trail.fault())!.problem, /the head was put back: 4 groups/);
    await writeFile(head, await readFile(join(trail.directory, "server-2.head.json")));
    assertMatch((await trail.fault())!.problem, /head was changed/);
    await rm(head);
    assertMatch((await trail.fault())!.problem, /head is missing/);
    await assertRejects(() => trail.open(), AppError, "no head");
    await writeFile(head, newest);
    assertEquals(await trail.fault(), undefined);
  }));

test("a chain that is removed or put back whole is missed by the chains that knew it (H230)", () =>
  withTrail(async (trail) => {
    const cli = () => trail.open({ instance: "cli" });
    await (await cli()).close();
    const [path] = await trail.segments("cli");
    const head = join(trail.directory, "cli.head.json");
    const old = [await readFile(path!), await readFile(head)] as const;
    const log = await cli();
    await log.commit(call(1));
    await log.close();
    await (await trail.open()).close();
    assertEquals(await trail.fault(), undefined);

    await writeFile(path!, old[0]);
    await writeFile(head, old[1]);
    assertMatch((await trail.fault())!.problem, /cut off after record 2: the chain server knows/);
    await rm(path!);
    await rm(head);
    assertMatch((await trail.fault())!.problem, /it is gone: the chain server knows its record 5/);
  }));

test("a segment that is removed, renamed or swapped is found (H230)", () =>
  withTrail(async (trail) => {
    const log = await trail.open();
    for (let n = 1; n <= 6; n++) await log.commit(call(n));
    await log.close();
    const paths = await trail.segments();
    assert(paths.length >= 4);
    assertEquals(await trail.fault(), undefined);
    for (const path of paths) {
      await rename(path, `${path}.away`);
      assertMatch((await trail.fault())!.problem, /is missing before it|cut off/);
      await rename(`${path}.away`, path);
    }
    const renamed = paths[1]!.replace(
      /\d{12}/,
      (digits) => String(Number(digits)).padStart(11, "0") + "9",
    );
    await rename(paths[1]!, renamed);
    assert(await trail.fault());
    await rename(renamed, paths[1]!);
    assertEquals(await trail.fault(), undefined);
  }, 800));

test("a trail of another key is not believed", () =>
  withTrail(async (trail) => {
    await smallTrail(trail);
    await rm(join(trail.folder, "gatehouse.audit.keys.json"));
    const error = await assertRejects(() => trail.verify(), AppError, "no key file");
    assertEquals(error.code, "unavailable");
    await withTrail(async (stranger) => {
      await smallTrail(stranger);
      const path = join("gatehouse.audit.keys.json");
      await writeFile(join(trail.folder, path), await readFile(join(stranger.folder, path)), {
        mode: 0o600,
      });
    });
    assert(await trail.fault());
  }));
