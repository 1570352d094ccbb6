/** The store of the configuration: a location, or the Scalekit environments of the file. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals, assertFalse, assertRejects, assertStringIncludes } from "@std/assert";
import { loadConfig } from "../../cli/config.ts";
import { requireReloadable } from "../../cli/reload.ts";
import { AppError } from "../../errors.ts";
import { program, run, withDirectory } from "../support/process.ts";

const ENVIRONMENT = {
  id: "env_1",
  baseUrl: "https://acme.scalekit.com",
  clientId: "skc_1",
  clientSecret: "very-secret",
};
const FILE = { store: { kind: "scalekit", environments: [ENVIRONMENT] } };

function load(value: unknown, env: Record<string, string> = {}) {
  let loaded: ReturnType<typeof loadConfig>;
  return withDirectory(async (cwd) => {
    const file = join(cwd, "config.json");
    await writeFile(file, JSON.stringify(value));
    loaded = loadConfig({ env, file });
    await loaded.catch(() => {});
  }).then(() => loaded);
}

async function problemsOf(value: unknown, env?: Record<string, string>): Promise<string> {
  return (await assertRejects(() => load(value, env), AppError)).message;
}

test("the workspace is the Scalekit environments of the file, all else a store here", async () => {
  const config = await load(FILE);
  assertEquals(config.store, "sqlite:gatehouse.db");
  assertEquals(config.scalekit?.environments, [ENVIRONMENT]);
  const { store } = await load({
    store: { ...FILE.store, local: "postgres://u:p@db.example.com/gatehouse" },
  });
  assertEquals(store, "postgres://u:p@db.example.com/gatehouse");
});

test("GATEHOUSE_STORE=scalekit: stands for them, and another location takes their place", async () => {
  assertEquals(
    (await load(FILE, { GATEHOUSE_STORE: "scalekit:" })).scalekit?.environments.length,
    1,
  );
  const own = await load(FILE, { GATEHOUSE_STORE: "sqlite:own.db" });
  assertEquals([own.store, own.scalekit], ["sqlite:own.db", undefined]);
  for (const file of [{}, { store: "sqlite:file.db" }]) {
    const problems = await problemsOf(file, { GATEHOUSE_STORE: "scalekit:" });
    assertStringIncludes(problems, "GATEHOUSE_STORE (store): scalekit: stands for");
  }
});

test("a secret can come from a variable that the file names", async () => {
  const { clientSecret: _, ...rest } = ENVIRONMENT;
  const named = (clientSecretEnv: unknown, more = {}) => ({
    store: { ...FILE.store, environments: [{ ...rest, clientSecretEnv, ...more }] },
  });
  const name = "GATEHOUSE_SECRET_ACME";
  const config = await load(named(name), { [name]: "from-env" });
  assertEquals(config.scalekit?.environments[0]?.clientSecret, "from-env");
  assertStringIncludes(await problemsOf(named(name)), `the variable ${name} is not set`);
  assertStringIncludes(
    await problemsOf(named(name, { clientSecret: "x" }), { [name]: "y" }),
    "is given beside clientSecret",
  );
  for (const strange of ["HOME", "GATEHOUSE_PORT", 7]) {
    assertStringIncludes(await problemsOf(named(strange)), "must be a variable such as");
  }
  // A variable that the file does not name is a mistyped one.
  assertStringIncludes(await problemsOf(FILE, { [name]: "x" }), `${name} is not a variable`);
  assertStringIncludes(
    await problemsOf({ store: { ...FILE.store, environments: [rest] } }),
    "clientSecretEnv",
  );
});

test("environments that cannot be right are refused, and no secret is repeated", async () => {
  const wrong: [Record<string, unknown>, string][] = [
    [{ id: "production" }, "environments.0.id"],
    [{ baseUrl: "http://acme.scalekit.com" }, "must be an https URL"],
    [{ baseUrl: "https://acme.scalekit.com/api/v1" }, "must be an origin"],
    [{ baseUrl: "https://u:p@acme.scalekit.com" }, "must be an https URL"],
    [{ clientId: "" }, "clientId"],
    [{ type: "TEST" }, "type"],
    [{ secret: "x" }, "secret"],
  ];
  for (const [change, expected] of wrong) {
    const store = { ...FILE.store, environments: [{ ...ENVIRONMENT, ...change }] };
    const problems = await problemsOf({ store });
    assertStringIncludes(problems, expected);
    assertFalse(problems.includes("very-secret"));
  }
  for (const store of [{ kind: "rest" }, 7, null, { ...FILE.store, environments: [] }]) {
    assertStringIncludes(await problemsOf({ store }), "store");
  }
  const twice = { ...FILE.store, environments: [ENVIRONMENT, ENVIRONMENT] };
  assertStringIncludes(await problemsOf({ store: twice }), "an id of its own");
});

test("a running server does not change its workspace", async () => {
  const [before, after] = [await load(FILE), await load({})];
  const error = await assertRejects(
    // deno-lint-ignore require-await -- a throw as a rejection
    async () => requireReloadable(before, after),
    AppError,
  );
  assertStringIncludes(error.message, "scalekit");
});

test("config shows the environments as the file has them, without their secrets", () =>
  withDirectory(async (cwd) => {
    await writeFile(join(cwd, "config.json"), JSON.stringify(FILE));
    const { stdout, code } = await run([...program("deno"), "config", "--config", "config.json"], {
      cwd,
    });
    assertEquals(code, 0);
    assertFalse(stdout.includes("very-secret"));
    const { store, scalekit } = JSON.parse(stdout);
    const environments = [{ ...ENVIRONMENT, clientSecret: "[redacted]" }];
    assertEquals(store, { kind: "scalekit", environments, local: "sqlite:gatehouse.db" });
    assertEquals(scalekit, undefined);
  }));
