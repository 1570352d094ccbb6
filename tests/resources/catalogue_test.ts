/** What holds for every resource: the manifest against the folder, and the words against the tools. */

import { test } from "node:test";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { createScopePolicy } from "../../auth/scopes.ts";
import { resources } from "../../resources/mod.ts";
import { createResources } from "../../resources/registry.ts";
import { tools } from "../../tools/mod.ts";

/** The files of the folder that are no resources. */
const SHARED = [
  "address",
  "complete",
  "completers",
  "guard",
  "listing",
  "lists",
  "mod",
  "read",
  "registry",
];

const names = resources.map(({ name }) => name);
const sealed = createResources(resources, createScopePolicy());

function namesIn(folder: string, ending: string): string[] {
  return readdirSync(fileURLToPath(new URL(folder, import.meta.url)))
    .filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length)).sort();
}

test("the manifest has every resource file of the folder, in the order of the folder", () => {
  assertEquals(
    names,
    namesIn("../../resources/", ".ts").filter((name) => !SHARED.includes(name)),
  );
});

test("every resource file exports the resource of its name, and the manifest holds that one", async () => {
  for (const [index, name] of names.entries()) {
    const module = await import(new URL(`../../resources/${name}.ts`, import.meta.url).href);
    assert(module.default === resources[index], name);
    assertEquals(module.default.name, name);
  }
});

test("every title is short, every description whole sentences that name tools and resources that exist", () => {
  const known = new Set([...names, ...tools.map(({ name }) => name)]);
  assertEquals(new Set(resources.map(({ title }) => title)).size, resources.length);
  for (const { name, title, description } of resources) {
    assertLessOrEqual(title.length, 40, name);
    assertGreater(description.length, 100, name);
    assertLessOrEqual(description.length, 600, name);
    assert(/^[A-Z].*\.$/s.test(description) && !/ {2}|\n/.test(description), name);
    for (const [word] of description.matchAll(/\b[a-z]+(_[a-z]+)+\b/g)) {
      assert(known.has(word), `${name} names ${word}`);
    }
  }
});

test("to read needs reading scopes, never none and never another (H182)", () => {
  for (const { name, scopes } of sealed.all) {
    assertGreater(scopes.length, 0, name);
    assertEquals(scopes.filter((scope) => !scope.endsWith(":read")), [], name);
  }
});

test("every variable of a template can be completed, and completing it needs reading scopes", () => {
  for (const { name, variables, completers } of sealed.all) {
    assertEquals([...completers.keys()].sort(), [...variables].sort(), name);
    for (const { scopes } of completers.values()) {
      assert(scopes.length > 0 && scopes.every((scope) => scope.endsWith(":read")), name);
    }
  }
});

test("every resource says after which changes it has to be read again", () => {
  for (const { name, changedBy, expand } of sealed.all) {
    assertGreater(changedBy.length, 0, name);
    assert(expand({ environmentId: "env_1", organizationId: "org_1" }), name);
  }
});
