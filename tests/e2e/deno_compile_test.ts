/** What `deno compile` will make: its graph, its files, its permissions, and the same program as a bundle under exactly those permissions. */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { build, buildSettings, EXECUTABLES, ROOT } from "../support/build.ts";
import { needs, program, run, withDirectory } from "../support/process.ts";
import { checkBuild, FILES } from "./wire.ts";

const options = needs("deno");

/** Nothing but the bundle and what it asks the operator for. */
const BUNDLE_FLAGS = [
  "--no-config",
  "--no-remote",
  "--no-npm",
  "--cached-only",
  "--no-prompt",
  // A bundle without deno.json has to be told; a compiled program keeps it.
  "--unstable-no-legacy-abort",
  ...permissionFlags(buildSettings().permissions.gatehouse),
];

/** A set of deno.json as flags. */
function permissionFlags(set: Readonly<Record<string, unknown>>): readonly string[] {
  const flag = (verb: string, name: string, value: unknown) =>
    value === true ? [`--${verb}-${name}`] : [`--${verb}-${name}=${(value as string[]).join(",")}`];
  return Object.entries(set).flatMap(([name, value]) =>
    value === true || Array.isArray(value)
      ? flag("allow", name, value)
      : Object.entries(value as object).flatMap(([verb, what]) => flag(verb, name, what))
  );
}

test(
  "the bundle runs with the permissions of the compiled program, in an empty directory",
  options,
  () =>
    withDirectory(async (path) => {
      const [bundle, cwd] = [join(path, "gatehouse.js"), join(path, "empty")];
      build("bundle", bundle);
      mkdirSync(cwd);
      const command = [EXECUTABLES.deno, "run", ...BUNDLE_FLAGS, bundle];
      const bundled = await run([...command, "tools", "--json"], { cwd });
      assertEquals([bundled.code, bundled.stderr], [0, ""]);
      const source = await run([...program("deno"), "tools", "--json"]);
      assertEquals(JSON.parse(bundled.stdout), JSON.parse(source.stdout));
      await checkBuild(command, cwd);
      assertEquals(readdirSync(cwd).sort(), FILES);
    }),
);

// The stand-in for the runtime that a program is compiled onto has to be an ELF file.
test(
  "compiling checks the types, embeds every tool and nothing of development, and sets the permissions",
  {
    ...(platform() === "linux" ? {} : { skip: "the stand-in is a Linux program" }),
    ...options,
  },
  () =>
    withDirectory((path) => {
      const [standIn, outfile] = [join(path, "denort"), join(path, "gatehouse")];
      copyFileSync("/bin/true", standIn);
      const listing = build("compile", outfile, { DENORT_BIN: standIn });
      const compiled = readFileSync(outfile, "latin1");
      for (const file of readdirSync(join(ROOT, "tools")).filter((name) => name.endsWith(".ts"))) {
        assert(compiled.includes(`"${file}"`), `${file} is not embedded`);
      }
      assertMatch(listing, /─ tools/);
      assertMatch(listing, /oidc-provider/);
      // Before the list Deno may warn about packages that it only looked at.
      assertNotMatch(
        listing.slice(listing.indexOf("Embedded Files")),
        /playwright|inspector|conformance|mcp-remote|modelcontextprotocol\/(client|sdk)|tests|\.db|\.env|keys\.json/,
      );

      const metadata = (name: string) =>
        JSON.parse(new RegExp(`"${name}":({[^}]*})`).exec(compiled)?.[1] ?? "{}");
      const { allow_import: _, ...permissions } = metadata("permissions");
      const everything: string[] = [];
      assertEquals(permissions, {
        allow_env: ["GATEHOUSE_*"],
        deny_env: null,
        ignore_env: everything,
        allow_net: everything,
        deny_net: null,
        allow_ffi: null,
        deny_ffi: null,
        allow_read: everything,
        deny_read: null,
        ignore_read: null,
        allow_run: null,
        deny_run: null,
        allow_sys: null,
        deny_sys: null,
        allow_write: everything,
        deny_write: null,
        deny_import: everything,
        prompt: false,
      });
      assertEquals(metadata("unstable_config").features, ["no-legacy-abort"]);
      return Promise.resolve();
    }),
);

const base = await needsBase();
test(
  `the compiled program serves by itself${base.skip ? ` (skipped: ${base.skip})` : ""}`,
  base,
  () =>
    withDirectory(async (path) => {
      const [outfile, cwd] = [join(path, "gatehouse"), join(path, "empty")];
      build("compile", outfile);
      mkdirSync(cwd);
      const compiled = await run([outfile, "tools", "--json"], { cwd });
      const source = await run([...program("deno"), "tools", "--json"]);
      assertEquals(JSON.parse(compiled.stdout), JSON.parse(source.stdout));
      await checkBuild([outfile], cwd);
    }),
);

/** The reason to skip where the runtime that a program is compiled onto cannot be had: it comes from Deno's own site, or from DENORT_BIN. */
async function needsBase(): Promise<{ skip?: string }> {
  if (options.skip) return options;
  let reason = "";
  await withDirectory(async (path) => {
    writeFileSync(join(path, "hello.ts"), 'console.log("hello");\n');
    const outfile = join(path, "hello");
    const compile = [EXECUTABLES.deno, "compile", "--no-config", "--output", outfile];
    const made = await run([...compile, join(path, "hello.ts")], { cwd: path });
    const said = made.code === 0 ? (await run([outfile])).stdout : "";
    if (said !== "hello\n") reason = "no denort: set DENORT_BIN, or let deno download it";
  });
  return reason === "" ? {} : { skip: reason };
}
