/** An export: what a third party can tell from the file alone. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../../errors.ts";
import { exportLines, verifyExport } from "../../../store/audit/export.ts";
import type { ExportOptions } from "../../../store/audit/export.ts";
import { seal } from "../../../store/audit/record.ts";
import { call, createClock, withTrail } from "./support.ts";
import type { Trail } from "./support.ts";

async function linesOf(trail: Trail, options: Partial<ExportOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (
    const line of exportLines(trail.storage, trail.keys, { now: createClock(), ...options })
  ) lines.push(line);
  return lines;
}

async function check(trail: Trail, lines: readonly string[]) {
  const path = join(trail.folder, "export.jsonl");
  await writeFile(path, lines.map((line) => `${line}\n`).join(""));
  return await verifyExport(path);
}

async function twoChains(trail: Trail): Promise<void> {
  const log = await trail.open();
  for (let n = 1; n <= 5; n++) log.record(call(n, n === 3 ? { decision: "deny" } : {}));
  await (await trail.open({ instance: "cli" })).close();
  await log.close();
}

test("a whole export verifies by itself, and holds the lines as they are", () =>
  withTrail(async (trail) => {
    await twoChains(trail);
    const lines = await linesOf(trail);
    const written = [...await trail.lines("cli"), ...await trail.lines("server")];
    assertEquals(lines.slice(0, -3), written);
    const report = await check(trail, lines);
    assertEquals([report.ok, report.partial, report.keyId], [true, false, trail.keys.keyId]);
    assertEquals(report.chains.map(({ chain, records }) => [chain, records]), [
      ["cli", 2],
      ["server", 7],
    ]);
    const text = lines.join("\n");
    assertFalse(/"d":|fingerprintKey/.test(text));
  }));

test("an export of a trail that is being written ends at its signed head", () =>
  withTrail(async (trail) => {
    const log = await trail.open({ flushMs: 60_000 });
    await log.commit(call(1));
    log.record(call(2));
    const report = await check(trail, await linesOf(trail));
    assertEquals([report.ok, report.chains[0]?.records], [true, 2]);
    await log.close();
  }));

test("any line of an export that is changed, removed or repeated is found (H230)", () =>
  withTrail(async (trail) => {
    await twoChains(trail);
    const lines = await linesOf(trail);
    for (let at = 0; at < lines.length; at++) {
      const changed = lines.toSpliced(at, 1, lines[at]!.replace(/"seq":(\d+)/, '"seq":1$1'));
      const harmed = [lines.toSpliced(at, 1), changed];
      if (at < lines.length - 3) harmed.push(lines.toSpliced(at, 0, lines[at]!));
      for (const each of harmed) {
        if (each.join() === lines.join()) continue;
        const ok = await check(trail, each).then((report) => report.ok, (error) => {
          assertEquals((error as AppError).code, "invalid_request");
          return false;
        });
        assertFalse(ok, `line ${at + 1}`);
      }
    }
    const report = await check(trail, lines.toSpliced(4, 1));
    const { fault } = report.chains.find(({ chain }) => chain === "server")!;
    assertEquals([fault?.line, fault?.seq], [5, 4]);
    assertMatch(fault!.problem, /record 3 is missing before it/);
  }));

test("a selection says that it is one, and its records are checked", () =>
  withTrail(async (trail) => {
    await twoChains(trail);
    for (const options of [{ filters: { tool: "list_environments" } }, { limit: 3 }]) {
      const lines = await linesOf(trail, options);
      const report = await check(trail, lines);
      assertEquals([report.ok, report.partial], [true, true]);
      const changed = lines.with(0, lines[0]!.replace('"allow"', '"deny"'));
      assertFalse((await check(trail, changed)).ok);
      assertFalse((await check(trail, [lines[1]!, lines[0]!, ...lines.slice(2)])).ok);
    }
    // A record that somebody else made has a right hash too, but is not in what was signed.
    const lines = await linesOf(trail, { limit: 3 });
    const { line } = seal(call(99), { chain: "server", seq: 99, prev: "0".repeat(64) });
    const forged = await check(trail, lines.toSpliced(-2, 0, line));
    assertEquals([forged.ok, forged.signed], [false, false]);
    const denied = await linesOf(trail, { filters: { decision: "deny" } });
    assertEquals(denied.filter((line) => line.startsWith('{"hash"')).length, 1);
    assert((await check(trail, denied)).ok);
  }));

test("a file that is no export is refused", () =>
  withTrail(async (trail) => {
    await twoChains(trail);
    const lines = await linesOf(trail);
    for (
      const each of [[], ["{}"], lines.slice(0, -1), ['{"export":{"publicKey":{"kty":"oct"}}}']]
    ) {
      const error = await assertRejects(() => check(trail, each), AppError, "not a whole export");
      assertEquals(error.code, "invalid_request");
    }
    await assertRejects(() => verifyExport(join(trail.folder, "none")), AppError, "cannot be read");
  }));
