import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { createUsers } from "../../auth/embedded/users.ts";

/** Runs the program with a text on stdin, on the runtime that runs the test. */
function run(input: string): Promise<{ code: number | null; out: string; err: string }> {
  const main = join(import.meta.dirname!, "../../main.ts");
  const args = process.versions["bun"] ? [main] : ["run", "-A", main];
  const child = spawn(process.execPath, [...args, "hash-password"]);
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.end(input);
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

test("hash-password prints a hash that signs its user in, and never the password", async () => {
  const password = "correct horse battery";
  const { code, out } = await run(`${password}\n`);
  assertEquals(code, 0);
  assertMatch(out, /^scrypt:[^\s]+\n$/);
  const users = createUsers([{ subject: "u1", name: "ada", passwordHash: out.trim() }]);
  assertEquals(await users.signIn("ada", password), { subject: "u1" });
  assertEquals(await users.signIn("ada", "wrong horse battery"), { refused: "wrong" });
});

test("hash-password refuses a short password with exit code 2", async () => {
  const { code, out, err } = await run("short");
  assertEquals([code, out], [2, ""]);
  assertMatch(err, /at least 12 characters/);
});
