/** A process that is killed while it writes: what it said was committed is there, and the chain is whole. */

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openAudit, openAuditTrail } from "../../../store/audit/open.ts";
import { verifyStorage } from "../../../store/audit/verify.ts";
import { openStore } from "../../../store/mod.ts";
import { dropSchemasAfter, needsPostgres, newLocation } from "../../support/postgres.ts";

dropSchemasAfter();

const KILLS = 5;
const SLOW = { timeout: 120_000 };
const OPTIONS = { instance: "server", version: "1.2.3", now: () => new Date() };

interface RunningWriter {
  /** Resolves when it has said so many lines: its chain, and what it committed. */
  said(lines: number): Promise<void>;
  /** Kills it and returns what it said. */
  kill(): Promise<string[]>;
}

function startWriter(location: string, first: number): RunningWriter {
  const script = fileURLToPath(new URL("./crash_writer.ts", import.meta.url));
  const run = "Deno" in globalThis ? ["run", "-A", "--no-check", script] : ["run", script];
  const child = spawn(process.execPath, [...run, location, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let running = true;
  const closed = new Promise<void>((resolve) =>
    child.on("close", () => {
      running = false;
      resolve();
    })
  );
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  return {
    async said(lines) {
      while (output.split("\n").length <= lines) {
        assert(running, "The writer ended by itself");
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    async kill() {
      if (running) process.kill(child.pid!, "SIGKILL");
      await closed;
      return output.split("\n").slice(0, -1);
    },
  };
}

type WithLocation = (body: (location: string) => Promise<void>) => Promise<void>;

async function withFiles(body: (location: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-audit-"));
  try {
    await body(`sqlite:${join(folder, "gatehouse.db")}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function withTables(body: (location: string) => Promise<void>): Promise<void> {
  const location = newLocation();
  await (await openStore(location, { now: () => new Date() })).close();
  await body(location);
}

const places: readonly { name: string; needs: { skip?: string }; withLocation: WithLocation }[] = [
  { name: "files", needs: {}, withLocation: withFiles },
  { name: "postgres", needs: needsPostgres, withLocation: withTables },
];

async function faultsOf(location: string): Promise<string[]> {
  const trail = await openAuditTrail(location);
  try {
    const { chains } = await verifyStorage(trail.storage, await trail.keys());
    return chains.flatMap(({ fault }) => fault ? [fault.problem] : []);
  } finally {
    await trail.close();
  }
}

for (const { name, needs, withLocation } of places) {
  test(
    `${name}: after kill -9 under load all that was acknowledged is there, and nothing is wrong`,
    { ...needs, ...SLOW },
    () =>
      withLocation(async (location) => {
        const acknowledged = new Set<string>();
        for (let kill = 1; kill <= KILLS; kill++) {
          const writer = startWriter(location, kill * 1_000_000);
          await writer.said(100 + kill * 37);
          const [chain, ...ids] = await writer.kill();
          // The lock died with its process: the chain is the same each time.
          assertEquals(chain, "server");
          assert(ids.length >= 100);
          for (const id of ids) acknowledged.add(`request-${id}`);
          // In a file the group that was being written may be unsigned, until the next start sets it aside.
          for (const problem of await faultsOf(location)) {
            assertEquals(name, "files");
            assertMatch(problem, /^no signature covers/);
          }
          const log = await openAudit(location, OPTIONS);
          assertEquals(log.chain, "server");
          await log.close();
          assertEquals(await faultsOf(location), []);
        }
        const { storage, close } = await openAuditTrail(location);
        for await (const { text } of storage.readForward("server")) {
          acknowledged.delete(JSON.parse(text).record.request?.id);
        }
        await close();
        assertEquals([...acknowledged], []);
      }),
  );

  test(
    `${name}: verification does not fail while a process writes`,
    { ...needs, ...SLOW },
    () =>
      withLocation(async (location) => {
        const writer = startWriter(location, 0);
        try {
          await writer.said(2);
          for (let time = 0; time < 4; time++) assertEquals(await faultsOf(location), []);
        } finally {
          await writer.kill();
        }
      }),
  );
}
