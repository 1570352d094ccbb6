/** The lock between processes: one holder, and none after its death. */

import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { isFileLocked, takeFileLock } from "../../../store/sql/file_lock.ts";

async function withPath(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-lock-"));
  try {
    await body(join(folder, "x.lock"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("one holder has the lock, also within a process", () =>
  withPath(async (path) => {
    const lock = takeFileLock(path);
    assert(lock);
    assertEquals([takeFileLock(path), takeFileLock(path), isFileLocked(path)], [
      undefined,
      undefined,
      true,
    ]);
    lock.release();
    assertEquals(isFileLocked(path), false);
    const next = takeFileLock(path);
    assert(next);
    next.release();
    assertEquals([(await stat(path)).mode & 0o777, (await stat(path)).size], [0o600, 0]);
  }));

test("a place that does not exist is an error, and no free lock", () =>
  withPath((path) => {
    assertThrows(() => takeFileLock(join(path, "missing", "x.lock")));
    return Promise.resolve();
  }));

test("a process that is killed gives its lock back", () =>
  withPath(async (path) => {
    const holder = await startHolder(path);
    const held = [takeFileLock(path), isFileLocked(path)];
    const second = await startHolder(path);
    await second.kill();
    const heldStill = isFileLocked(path);
    await holder.kill();
    assertEquals([holder.said, second.said], ["taken\n", "busy\n"]);
    assertEquals([held, heldStill], [[undefined, true], true]);
    const lock = takeFileLock(path);
    assert(lock);
    lock.release();
  }));

async function startHolder(path: string): Promise<{ said: string; kill(): Promise<void> }> {
  const script = fileURLToPath(new URL("./file_lock_main.ts", import.meta.url));
  const run = "Deno" in globalThis ? ["run", "-A", "--no-check", script] : ["run", script];
  const child = spawn(process.execPath, [...run, path], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const said = await new Promise<string>((resolve) =>
    child.stdout.on("data", (chunk) => resolve(String(chunk)))
  );
  return {
    said,
    kill() {
      process.kill(child.pid!, "SIGKILL");
      return ended;
    },
  };
}
