import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createScopePolicy } from "../../auth/scopes.ts";
import { driftOf, lockOf, lockText, readLock } from "../../cli/lock_file.ts";
import type { Drift, ToolLock } from "../../cli/lock_file.ts";
import { driftText } from "../../cli/tools_lock.ts";
import { catalogueHash } from "../../http/operator/catalogue.ts";
import { createRegistry, defineTool } from "../../tools/registry.ts";
import type { AnyToolDefinition } from "../../tools/registry.ts";
import { ROOT } from "../support/build.ts";
import { needs, startProcess } from "../support/process.ts";
import { freePort } from "../support/server.ts";
import { registry } from "../support/tools.ts";
import { gatehouse, withFolder } from "./support.ts";

const policy = createScopePolicy();
const LOCK = join(ROOT, "tools.lock.json");

test("tools.lock.json says what the tools are; where a change is meant, run `deno task generate`", () => {
  const text = readFileSync(LOCK, "utf8");
  const locked = readLock(text);
  assert(locked, "tools.lock.json is no lock file");
  const current = lockOf(registry);
  const drift = driftOf(locked, current, policy);
  assert(drift.length === 0, `The tools have changed:\n${driftText(drift)}`);
  assert(text === lockText(current), "tools.lock.json was edited by hand");
});

test("the lock, /readyz and the audit trail of a server have the same number", () =>
  withFolder(async (folder) => {
    const { catalogue } = lockOf(registry);
    assertEquals(catalogue, catalogueHash(registry));
    const operatorPort = await freePort();
    const store = `sqlite:${join(folder, "gatehouse.db")}`;
    const server = await startProcess({
      runtime: needs("deno").skip === undefined ? "deno" : "bun",
      env: { GATEHOUSE_STORE: store, GATEHOUSE_OPERATOR_PORT: `${operatorPort}` },
    });
    // The public port answers first; what is printed comes when both do.
    for (let turn = 0; turn < 1000 && !server.stdout.includes("Operator"); turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const ready = await (await fetch(`http://127.0.0.1:${operatorPort}/readyz`)).json();
    await server.stop();
    assertEquals(ready.catalogue, catalogue);
    const { out } = await gatehouse(
      ["audit", "query", "--event", "server.started", "--json"],
      { GATEHOUSE_STORE: store },
    );
    assertEquals(JSON.parse(out.split("\n")[0]!).details.catalogue, catalogue);
  }));

/** Locks a set with one tool, which is `count_things` and reads, but for what a test changes. */
function lockWith(changes: Partial<Record<string, unknown>> = {}): ToolLock {
  const tool = defineTool({
    name: "count_things",
    title: "Count things",
    description: "Counts things in the tests of the lock, and is made for nothing else.",
    effect: "read",
    scopes: ["org:write", "env:read"],
    input: z.strictObject({ size: z.int().min(1).max(9) }),
    output: z.object({ count: z.int() }),
    confirm: () => "Sure?",
    handle: () => Promise.resolve({ count: 0 }),
  });
  return lockOf(createRegistry([{ ...tool, ...changes } as AnyToolDefinition], policy));
}

function driftAfter(changes: Partial<Record<string, unknown>>): Drift | undefined {
  return driftOf(lockWith(), lockWith(changes), policy)[0];
}

test("each promise of a tool is pinned by itself", () => {
  const cases: readonly [Partial<Record<string, unknown>>, readonly string[]][] = [
    [{ title: "Count" }, ["title"]],
    [{ description: "Counts things in the tests of the lock, or not, as it likes." }, [
      "description",
    ]],
    [{ input: z.strictObject({ size: z.int().min(1).max(10) }) }, ["inputSchema"]],
    [{ output: z.object({ count: z.number() }) }, ["outputSchema"]],
    [{ confirm: undefined }, ["inputSchema"]],
  ];
  for (const [changes, members] of cases) {
    const drift = driftAfter(changes);
    assertEquals([drift?.kind, drift?.members, drift?.warnings], ["changed", members, []]);
  }
  assertEquals(driftAfter({ handle: () => Promise.resolve({ count: 1 }) }), undefined);
  assertEquals(driftAfter({ scopes: ["env:read", "org:write"] }), undefined);
});

test("a tool that may call further upstreams is told loudly, and one for fewer is not", () => {
  const drift = driftAfter({ egress: ["billing"] })!;
  assertEquals(drift.members, ["egress"]);
  assertEquals(drift.warnings, ["EGRESS WIDENED: may now call billing"]);
  assertEquals(driftAfter({ egress: [] }), undefined);
});

test("a tool that more callers may call than before is told loudly, and one for fewer is not", () => {
  const widened: Partial<Record<string, unknown>>[] = [
    { scopes: ["org:write"] },
    { scopes: ["org:read", "env:read"] },
    { scopes: ["wks:write", "env:read"] },
    { scopes: undefined, access: "public" },
  ];
  for (const changes of widened) {
    const drift = driftAfter(changes)!;
    assertEquals(drift.warnings.length, 1, JSON.stringify(changes));
    assertMatch(drift.warnings[0]!, /^SCOPE WIDENED: was env:read org:write, is /);
  }
  const narrowed = [["org:write", "env:write"], ["org:write", "env:read", "wks:read"]];
  for (const scopes of narrowed) {
    const drift = driftAfter({ scopes })!;
    assertEquals([drift.members, drift.warnings], [["scopes"], []]);
  }
});

test("a tool with another effect is told loudly", () => {
  const { members, warnings } = driftAfter({ effect: "delete" })!;
  assertEquals(members, ["effect", "inputSchema"]);
  assertEquals(warnings, ["EFFECT CHANGED: was read, is delete"]);
});

test("tools that came and went are told by name", () => {
  const renamed = driftOf(lockWith(), lockWith({ name: "count_all" }), policy);
  assertEquals(renamed.map(({ tool, kind }) => [tool, kind]), [
    ["count_all", "added"],
    ["count_things", "removed"],
  ]);
});

test("readLock() takes nothing that is not a lock", () => {
  const text = lockText(lockWith());
  assertEquals(readLock(text), lockWith());
  for (const other of ["", "{}", "[]", text.replace('"read"', '"fly"'), text.replace("{", "")]) {
    assertEquals(readLock(other), undefined);
  }
});

test("tools lock writes the file, and --check holds the tools against it", () =>
  withFolder(async (folder) => {
    const file = join(folder, "tools.lock.json");
    const lock = (...args: string[]) => gatehouse(["tools", "lock", "--file", file, ...args]);

    const none = await lock("--check");
    assertEquals(none.code, 1);
    assertStringIncludes(none.err, "gatehouse tools lock");

    const first = await lock();
    assertEquals([first.code, first.err], [0, ""]);
    assertEquals(await readFile(file, "utf8"), lockText(lockOf(registry)));
    const second = await lock("--check");
    assertEquals([second.code, second.err], [0, ""]);
    assertStringIncludes(second.out, "up to date");

    const changed = lockOf(registry);
    changed.tools["list_environments"]!.scopes = ["env:write"];
    changed.tools["whoami"]!.effect = "delete";
    changed.tools["gone"] = changed.tools["whoami"]!;
    delete changed.tools["create_organization"];
    await writeFile(file, lockText(changed));
    const drift = await lock("--check");
    assertEquals([drift.code, drift.out], [1, ""]);
    assertMatch(drift.err, /^ {2}added +create_organization$/m);
    assertMatch(drift.err, /^ {2}removed +gone$/m);
    assertMatch(
      drift.err,
      /list_environments +scopes\n +!! SCOPE WIDENED: was env:write, is env:read/,
    );
    assertMatch(drift.err, /whoami +effect\n +!! EFFECT CHANGED: was delete, is read/);
    assertEquals(await readFile(file, "utf8"), lockText(changed), "a check writes nothing");

    const json = await lock("--check", "--json");
    assertEquals(json.code, 1);
    assertEquals(JSON.parse(json.out).drift.length, 4);

    // Writing it down does not pass over it in silence.
    const written = await lock();
    assertEquals(written.code, 0);
    assertStringIncludes(written.err, "SCOPE WIDENED");
    assertEquals((await lock("--check")).code, 0);
  }));

test("tools lock --check sees an edited catalogue hash, and overwrites no other file", () =>
  withFolder(async (folder) => {
    const file = join(folder, "lock.json");
    await writeFile(file, lockText({ ...lockOf(registry), catalogue: "0".repeat(64) }));
    assertEquals((await gatehouse(["tools", "lock", "--check", "--file", file])).code, 1);
    await writeFile(file, '{"version":4}');
    assertEquals((await gatehouse(["tools", "lock", "--file", file])).code, 2);
    assertEquals(await readFile(file, "utf8"), '{"version":4}');
  }));
