/** A process that is killed while it writes: what it said was committed is there, and the chain is whole. */

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { openAudit, openAuditTrail } from "../../../store/audit/open.ts";
import { verifyStorage } from "../../../store/audit/verify.ts";

const KILLS = 5;
const later = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Starts a writer, kills it after so many commits, and returns what it said. */
function writeAndDie(location: string, first: number, commits: number): Promise<string[]> {
  const script = fileURLToPath(new URL("./crash_writer.ts", import.meta.url));
  const run = "Deno" in globalThis ? ["run", "-A", "--no-check", script] : ["run", script];
  const child = spawn(process.execPath, [...run, location, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
    if (output.split("\n").length > commits) process.kill(child.pid!, "SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(output.split("\n").slice(0, -1)));
  });
}

test("after kill -9 under load everything that was acknowledged is there, and nothing else is wrong", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-audit-"));
  const location = `sqlite:${join(folder, "gatehouse.db")}`;
  const acknowledged = new Set<string>();
  try {
    for (let kill = 1; kill <= KILLS; kill++) {
      const [chain, ...ids] = await writeAndDie(location, kill * 1_000_000, 100 + kill * 37);
      // The lock died with its process: the chain is the same each time.
      assertEquals(chain, "server");
      assert(ids.length >= 100);
      for (const id of ids) acknowledged.add(`request-${id}`);
      const log = await openAudit(location, {
        instance: "server",
        version: "1.2.3",
        now: () => new Date(),
      });
      assertEquals(log.chain, "server");
      await log.close();
      const trail = await openAuditTrail(location);
      const { ok, chains } = await verifyStorage(trail.storage, await trail.keys());
      assertEquals([ok, chains[0]?.fault], [true, undefined]);
    }
    const { storage } = await openAuditTrail(location);
    for await (const { text } of storage.readForward("server")) {
      acknowledged.delete(JSON.parse(text).record.request?.id);
    }
    assertEquals([...acknowledged], []);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("verification does not fail while a process writes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-audit-"));
  const location = `sqlite:${join(folder, "gatehouse.db")}`;
  try {
    const writing = writeAndDie(location, 0, 300);
    let done = false;
    void writing.then(() => done = true);
    const trail = await openAuditTrail(location);
    while (!done && (await trail.storage.chains()).length === 0) await later();
    const keys = await trail.keys();
    let verified = 0;
    for (; !done; verified++) {
      const { ok, chains } = await verifyStorage(trail.storage, keys);
      // The last one may meet the end of a writer that was killed.
      if (!ok && !done) assertEquals(chains.map(({ fault }) => fault), []);
    }
    assert(verified > 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
