/** The compiled Bun binary, copied away from the checkout: the same tools, the same answers, and nothing taken from where it is started. */

import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals, assertNotMatch } from "@std/assert";
import { needs, program, run, startProcess, withDirectory } from "../support/process.ts";
import { checkBuild, FILES } from "./wire.ts";

const options = needs("binary");
const sourceRuntime = needs("deno").skip === undefined ? "deno" : "bun";

/** Runs a test with the binary and an empty directory beside it. */
function withBinary(body: (binary: string, cwd: string) => Promise<void>): Promise<void> {
  return withDirectory(async (path) => {
    const [binary, cwd] = [join(path, "gatehouse"), join(path, "empty")];
    copyFileSync(program("binary")[0]!, binary);
    mkdirSync(cwd);
    await body(binary, cwd);
  });
}

test("the binary lists the tools of the source", options, () =>
  withBinary(async (binary, cwd) => {
    const compiled = await run([binary, "tools", "--json"], { cwd });
    const source = await run([...program(sourceRuntime), "tools", "--json"]);
    assertEquals([compiled.code, compiled.stderr], [0, ""]);
    assertEquals(JSON.parse(compiled.stdout), JSON.parse(source.stdout));
    assertEquals(readdirSync(cwd), []);
  }));

test(
  "the binary serves without an environment, a runtime or the checkout",
  options,
  () =>
    withBinary(async (binary, cwd) => {
      await checkBuild([binary], cwd);
      assertEquals(readdirSync(cwd).sort(), FILES);
    }),
);

test(
  "the binary takes nothing from a .env or bunfig.toml in its directory",
  options,
  () =>
    withBinary(async (binary, cwd) => {
      writeFileSync(join(cwd, ".env"), "GATEHOUSE_PORT=1\nGATEHOUSE_ISSUER=https://evil.example\n");
      writeFileSync(join(cwd, "bunfig.toml"), 'preload = ["./planted.ts"]\n');
      writeFileSync(join(cwd, "planted.ts"), 'console.log("planted code ran");\n');
      writeFileSync(join(cwd, "package.json"), '{"imports": {"#main": "./planted.ts"}}\n');
      const { code, stdout, stderr } = await run([binary, "config"], { cwd });
      assertEquals([code, stderr], [0, ""]);
      const config = JSON.parse(stdout);
      assertEquals([config.port, config.issuers], [8000, []]);
      const server = await startProcess({ command: [binary], cwd });
      assertEquals(await server.stop(), 0);
      assertNotMatch(server.stdout + server.stderr, /planted|evil/);
    }),
);
