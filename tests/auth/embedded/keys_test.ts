/** The key file: who may read it, what happens to a bad one, and that processes starting at once agree. */

import { calculateJwkThumbprint, importJWK } from "jose";
import { spawn } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { loadOrCreateKeys } from "../../../auth/embedded/keys.ts";
import { AppError } from "../../../errors.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-keys-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("loadOrCreateKeys() makes ES256 keys named by their thumbprint, and strong secrets", async () => {
  const { signingKeys: [key], cookieKeys: [cookieKey = ""], cliClient } = await loadOrCreateKeys(
    undefined,
  );
  assertEquals([key?.kty, key?.crv, key?.alg, key?.use], ["EC", "P-256", "ES256", "sig"]);
  assertEquals(key?.kid, await calculateJwkThumbprint(key ?? {}));
  await importJWK(key ?? {}, "ES256");
  assertMatch(cookieKey, /^[\w-]{43}$/);
  assertMatch(cliClient.clientId, /^m2m_[0-9a-f]{24}$/);
  assertMatch(cliClient.clientSecret, /^[\w-]{43}$/);
  assertNotEquals((await loadOrCreateKeys(undefined)).cookieKeys, [cookieKey]);
});

test("loadOrCreateKeys() writes a file for its owner alone and reads it again", () =>
  withFolder(async (folder) => {
    const path = join(folder, "deep", "gatehouse.keys.json");
    const keys = await loadOrCreateKeys(path);
    assertEquals((await stat(path)).mode & 0o777, 0o600);
    assertEquals((await stat(join(folder, "deep"))).mode & 0o777, 0o700);
    assertEquals(await loadOrCreateKeys(path), keys);
    assertEquals(await readdir(join(folder, "deep")), ["gatehouse.keys.json"]);
  }));

test("loadOrCreateKeys() refuses a file that others can read, and says what to do", () =>
  withFolder(async (folder) => {
    const path = join(folder, "keys.json");
    await loadOrCreateKeys(path);
    for (const mode of [0o640, 0o604, 0o620]) {
      await chmod(path, mode);
      const error = await assertRejects(() => loadOrCreateKeys(path), AppError, "chmod 600");
      assertEquals([error.code, error.reason], ["unavailable", "key_file_mode"]);
    }
    await chmod(path, 0o400);
    await loadOrCreateKeys(path);
  }));

test("loadOrCreateKeys() refuses a malformed file and leaves it as it is", () =>
  withFolder(async (folder) => {
    const path = join(folder, "keys.json");
    const keys = await loadOrCreateKeys(undefined);
    for (
      const content of [
        "",
        "{",
        "null",
        "[]",
        "{}",
        JSON.stringify({ ...keys, signingKeys: [] }),
        JSON.stringify({ ...keys, signingKeys: [{ ...keys.signingKeys[0], d: undefined }] }),
        JSON.stringify({ ...keys, cookieKeys: ["short"] }),
        JSON.stringify({ ...keys, cliClient: { clientId: "m2m_1", clientSecret: "short" } }),
      ]
    ) {
      await writeFile(path, content, { mode: 0o600 });
      const error = await assertRejects(() => loadOrCreateKeys(path), AppError, "malformed");
      assertEquals([error.code, error.reason], ["unavailable", "key_file_malformed"]);
      assertEquals(await readFile(path, "utf8"), content);
    }
  }));

test("loadOrCreateKeys() called at once ends with the same keys everywhere", () =>
  withFolder(async (folder) => {
    const path = join(folder, "keys.json");
    const all = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateKeys(path)));
    for (const keys of all) assertEquals(keys, all[0]);
    assertEquals(await readdir(folder), ["keys.json"]);
  }));

test("processes that start at once end with the same keys", () =>
  withFolder(async (folder) => {
    const path = join(folder, "keys.json");
    const kids = await Promise.all([1, 2, 3].map(() => kidInOtherProcess(path)));
    const { signingKeys: [key] } = await loadOrCreateKeys(path);
    assertEquals(kids, [key?.kid, key?.kid, key?.kid]);
    assertEquals(await readdir(folder), ["keys.json"]);
  }));

function kidInOtherProcess(path: string): Promise<string> {
  const script = fileURLToPath(new URL("./keys_main.ts", import.meta.url));
  const run = "Deno" in globalThis ? ["run", "-A", script, path] : ["run", script, path];
  const child = spawn(process.execPath, run, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  return new Promise((resolve) => child.on("close", () => resolve(output)));
}
