import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import manifest from "../../package.json" with { type: "json" };
import { gatehouse, withFolder } from "./support.ts";

test("version prints the name and the version, as --version and -V do", async () => {
  for (const words of ["version", "--version", "-V"]) {
    const { code, out, err } = await gatehouse([words]);
    assertEquals([code, out.trim(), err], [0, `gatehouse ${manifest.version}`, ""]);
  }
});

test("--help names every command, and every command has help of its own", async () => {
  const { code, out } = await gatehouse(["--help"]);
  assertEquals(code, 0);
  const commands = [...out.matchAll(/^ {2}([a-z][a-z-]*)(?: .*)?$/gm)].map(([, name]) => name!);
  for (const name of ["serve", "clients", "token", "call", "tools", "explain", "config"]) {
    assertStringIncludes(commands.join(" "), name);
  }
  for (const name of commands.filter((name) => name !== "help")) {
    const help = await gatehouse([name, "--help"]);
    assertEquals([help.code, help.err], [0, ""], name);
    assertStringIncludes(help.out, `Usage: gatehouse ${name}`);
  }
});

test("a mistake in the arguments is exit code 2 and nothing on stdout", async () => {
  for (const args of [["tokens"], ["tools", "--yaml"], ["clients"], ["clients", "add"]]) {
    const { code, out, err } = await gatehouse(args);
    assertEquals([code, out], [2, ""], args.join(" "));
    assertFalse(err === "");
  }
});

test("config prints what is in force, without secrets, and touches nothing", () =>
  withFolder(async (folder) => {
    const file = join(folder, "config.json");
    await writeFile(
      file,
      JSON.stringify({
        store: "postgres://gatehouse:hunter2@db.example/gatehouse",
        rateLimit: { store: "rediss://:hunter2%2F@cache.example/0?password=hunter2" },
        issuers: [{
          issuer: "https://login.example.com",
          introspection: { clientId: "us", clientSecret: "s3cret-value" },
        }],
        authorizationServer: {
          users: [{ subject: "u1", name: "ada", passwordHash: "scrypt:abc" }],
        },
      }),
    );
    const { code, out, err } = await gatehouse(["config", "--config", file], {
      GATEHOUSE_PORT: "9000",
    });
    assertEquals([code, err], [0, ""]);
    for (const secret of ["hunter2", "s3cret-value", "scrypt:abc"]) {
      assertFalse(out.includes(secret), secret);
    }
    const config = JSON.parse(out);
    assertEquals([config.port, config.url], [9000, "http://localhost:9000"]);
    assertEquals(config.issuers[0].introspection.clientSecret, "[redacted]");
    assertEquals(config.store, "postgres://gatehouse:[redacted]@db.example/gatehouse");
    assertEquals(config.rateLimit.store, "rediss://:[redacted]@cache.example/0");
    assertEquals(await readdir(folder), ["config.json"]);
  }));

test("config names every problem, one a line, with exit code 2", async () => {
  const { code, out, err } = await gatehouse(["config"], {
    GATEHOUSE_PORT: "eighty",
    GATEHOUSE_PROT: "1",
  });
  assertEquals([code, out], [2, ""]);
  assertEquals(err.split("\n").length, 2);
  assertMatch(err, /^gatehouse: GATEHOUSE_PROT is not a variable.*\ngatehouse: GATEHOUSE_PORT /);
});
