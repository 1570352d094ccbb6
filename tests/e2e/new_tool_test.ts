/** `new tool` in a copy of the source: what it writes passes every check as it is. */

import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EXECUTABLES, ROOT } from "../support/build.ts";
import { needs, program, run, withDirectory } from "../support/process.ts";
import type { Finished } from "../support/process.ts";

const options = needs("deno");
const LEFT_OUT = /^(\.git|node_modules|dist|\.ci\/tools)(\/|$)|\.(db|audit)(-|\/|$)/;

/** A copy of the checkout, with the packages of this one. */
async function withCheckout(
  work: (
    folder: string,
    call: (...command: readonly string[]) => Promise<Finished>,
  ) => Promise<void>,
): Promise<void> {
  await withDirectory(async (path) => {
    const folder = join(path, "checkout");
    cpSync(ROOT, folder, {
      recursive: true,
      filter: (source) => !LEFT_OUT.test(relative(ROOT, source)),
    });
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    await work(folder, (...command) => run(command, { cwd: folder }));
  });
}

async function passes(call: Promise<Finished>): Promise<Finished> {
  const done = await call;
  assertEquals(done.code, 0, done.stdout + done.stderr);
  return done;
}

test(
  "new tool writes tools, their lines and their tests, which pass as generated",
  options,
  () =>
    withCheckout(async (folder, call) => {
      const main = [EXECUTABLES.deno, "run", "-A", "main.ts"];
      const made: readonly (readonly [string, string, ...string[]])[] = [
        ["count_organizations", "read, needs org:read"],
        ["list_all_the_flags_of_an_environment", "read, needs env:read", "--scopes", "env:read"],
        ["create_x", "create, needs org:write"],
        ["set_a1", "update, needs wks:write env:read", "--scopes", "wks:write, env:read"],
        ["delete_organization_for_good", "delete, needs org:write", "--effect", "delete"],
      ];
      for (const [name, words, ...flags] of made) {
        const { stdout } = await passes(call(...main, "new", "tool", name, ...flags));
        assertStringIncludes(stdout, words);
        assertMatch(stdout, /^Next +deno task generate /m);
      }
      const files = made.flatMap(([name]) => [`tools/${name}.ts`, `tests/tools/${name}_test.ts`]);
      await passes(call(EXECUTABLES.deno, "fmt", "--check", "tools/mod.ts", ...files));
      await passes(call(EXECUTABLES.deno, "lint", "tools/mod.ts", ...files));

      // Until the lock is written it says what is new.
      const drift = await call(...main, "tools", "lock", "--check");
      assertEquals(drift.code, 1);
      for (const [name] of made) assertMatch(drift.stderr, new RegExp(`added +${name}$`, "m"));
      await passes(call(EXECUTABLES.deno, "task", "generate"));

      await passes(call(EXECUTABLES.deno, "check", "main.ts", ...files));
      const tests = [
        ...files.filter((file) => file.startsWith("tests/")),
        ...["tests/tools/catalogue_test.ts", "tests/tools/requirements_schema_test.ts"],
        ...["tests/tools/docs_test.ts", "tests/tools/hints_test.ts"],
        ...["tests/cli/tools_lock_test.ts", "tests/layers_test.ts"],
      ];
      await passes(call(EXECUTABLES.deno, "test", "-A", ...tests));
      if (needs("bun").skip === undefined) {
        await passes(call(EXECUTABLES.bun, "test", ...tests.map((file) => `./${file}`)));
      }

      const listed = await passes(call(...main, "tools"));
      for (const [name] of made) assertStringIncludes(listed.stdout, name);

      // Nobody's work is written over.
      const before = readFileSync(join(folder, "tools/mod.ts"), "utf8");
      for (const name of ["create_x", "schema_rules"]) {
        const again = await call(...main, "new", "tool", name);
        assertEquals(again.code, 2, name);
      }
      assertEquals(readFileSync(join(folder, "tools/mod.ts"), "utf8"), before);
    }),
);

test(
  "new tool refuses what could not pass, and writes nothing",
  options,
  () =>
    withDirectory(async (folder) => {
      for (const file of ["tools", "tests/tools", "deno.json"]) {
        cpSync(join(ROOT, file), join(folder, file), { recursive: true });
      }
      const state = () =>
        readdirSync(folder, { recursive: true, encoding: "utf8" }).sort().join("\n") +
        readFileSync(join(folder, "tools/mod.ts"), "utf8");
      const before = state();
      const refusals: readonly (readonly [RegExp, ...string[]])[] = [
        [/no name for a tool/, "Count"],
        [/no name for a tool/, "count"],
        [/no name for a tool/, "count-things"],
        [/no name for a tool/, "count__things"],
        [/no name for a tool/, "../count_things"],
        [/no name for a tool/, "count_things.ts"],
        [/longer than 40/, `count_${"x".repeat(40)}`],
        [/begins with fly.*tools\/verbs\.ts/s, "fly_kite"],
        [/has the effect read, not delete/, "count_things", "--effect", "delete"],
        [/--effect is one of read, create, update, delete/, "count_things", "--effect", "fly"],
        [/there is no org:fly/, "count_things", "--scopes", "org:fly"],
        [/--scopes takes/, "count_things", "--scopes", ""],
        [/end in :read/, "count_things", "--scopes", "org:read org:write"],
        [/ends in :write/, "create_things", "--scopes", "org:read"],
        [/exists already/, "create_organization"],
      ];
      for (const [expected, ...args] of refusals) {
        const done = await run([...program("deno"), "new", "tool", ...args], { cwd: folder });
        assertEquals([done.code, done.stdout], [2, ""], args.join(" "));
        assertMatch(done.stderr, expected, args.join(" "));
      }
      assertEquals(state(), before);
    }),
);

test(
  "new tool works in a checkout only, and says so elsewhere",
  options,
  () =>
    withDirectory(async (folder) => {
      const done = await run([...program("deno"), "new", "tool", "count_things"], { cwd: folder });
      assertEquals(done.code, 2);
      assertStringIncludes(done.stderr, "at the top of a checkout");
      assertEquals(readdirSync(folder), []);
      assert(!existsSync(join(ROOT, "tools/count_things.ts")));
    }),
);
