/** Users of a public issuer: password hashes and what a sign-in answers. */

import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { createUsers, hashPassword } from "../../../auth/embedded/users.ts";
import { AppError } from "../../../errors.ts";
import { cheapHash } from "./support.ts";

test("hashPassword() makes salted hashes that sign in", async () => {
  const hash = await hashPassword("correct horse");
  assertMatch(hash, /^scrypt:32768:8:3:[\w-]{22}:[\w-]{43}$/);
  assertNotEquals(await hashPassword("correct horse"), hash);
  const users = createUsers([{ subject: "u-1", name: "ada", passwordHash: hash }]);
  assertEquals(await users.signIn("ada", "correct horse"), { subject: "u-1" });
  assertEquals(await users.signIn("ada", "correct horse "), { refused: "wrong" });
});

test("signIn() knows names and passwords exactly", async () => {
  const users = createUsers([
    { subject: "u-1", name: "ada", passwordHash: cheapHash("one") },
    { subject: "u-2", name: "bob", passwordHash: cheapHash("two") },
  ]);
  assertEquals(await users.signIn("bob", "two"), { subject: "u-2" });
  for (const [name, password] of [["ada", "two"], ["Ada", "one"], ["u-1", "one"], ["", ""]]) {
    assertEquals(await users.signIn(name ?? "", password ?? ""), { refused: "wrong" });
  }
  assertEquals(users.find("u-2")?.name, "bob");
  assertEquals(users.find("bob"), undefined);
});

test("signIn() looks at few passwords at once", async () => {
  const users = createUsers([{ subject: "u-1", name: "ada", passwordHash: cheapHash("one") }]);
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => users.signIn(`name ${index}`, "x")),
  );
  const busy = answers.filter((answer) => "refused" in answer && answer.refused === "throttled");
  assert(busy.length >= 8);
  assertEquals(await users.signIn("ada", "one"), { subject: "u-1" });
});

test("createUsers() refuses malformed hashes and duplicates", () => {
  const good = cheapHash("x");
  const [, , , , salt = "", key = ""] = good.split(":");
  const bad = [
    "",
    "secret",
    `bcrypt:16384:8:1:${salt}:${key}`,
    `scrypt:16000:8:1:${salt}:${key}`,
    `scrypt:1024:8:1:${salt}:${key}`,
    `scrypt:1048576:8:1:${salt}:${key}`,
    `scrypt:16384:8:1:${salt}`,
    `scrypt:16384:8:1:${salt}:${key}:x`,
    `scrypt:16384:8:1:AA:${key}`,
    `scrypt:16384:8:1:${salt}:AA`,
    `scrypt:x:8:1:${salt}:${key}`,
  ];
  for (const passwordHash of bad) {
    const users = [{ subject: "u", name: "u", passwordHash }];
    assertThrows(() => createUsers(users), AppError, "scrypt:N:r:p:salt:key");
  }
  const user = { subject: "u", name: "u", passwordHash: good };
  assertThrows(() => createUsers([user, { ...user, subject: "v" }]), AppError, "name");
  assertThrows(() => createUsers([user, { ...user, name: "v" }]), AppError, "subject");
});
