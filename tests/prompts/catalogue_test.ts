/** What holds for every prompt: the manifest against the folder, and what it asks for against the tools. */

import { test } from "node:test";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { createScopePolicy } from "../../auth/scopes.ts";
import { prompts } from "../../prompts/mod.ts";
import { createPrompts } from "../../prompts/registry.ts";
import { tools } from "../../tools/mod.ts";
import { environmentNamed, principal, withWorkspace } from "../support/tools.ts";

/** The files of the folder that are no prompts. */
const SHARED = ["get", "mod", "registry", "writing"];
/** Words of the form of a tool's name that are none. */
const OTHERS = new Set(["dir_sync"]);

const names = prompts.map(({ name }) => name);
const policy = createScopePolicy();
const sealed = createPrompts(prompts, policy);

/** The text of each prompt with every argument given. */
async function texts(): Promise<ReadonlyMap<string, string>> {
  const written = new Map<string, string>();
  await withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const development = await environmentNamed(workspace, "Development");
    const { items: [organization] } = await workspace.listOrganizations(development, {
      pageSize: 1,
    });
    const values: Record<string, string> = {
      environmentId,
      organizationId: organization!.id,
      displayName: "Acme",
      email: "ada@acme.example",
      adminEmail: "ada@acme.example",
    };
    for (const { name, arguments: declared, input, write } of sealed.all) {
      const given = Object.fromEntries(declared.map((one) => [one.name, values[one.name]]));
      if ("organizationId" in given) given["environmentId"] = development;
      const context = { principal: principal(), workspace, signal: new AbortController().signal };
      written.set(name, await write(input.parse(given), context));
    }
  });
  return written;
}

function toolsIn(text: string): readonly string[] {
  return [...text.matchAll(/\b[a-z]+(_[a-z]+)+\b|\bwhoami\b/g)].map(([word]) => word)
    .filter((word) => !OTHERS.has(word));
}

test("the manifest has every prompt file of the folder, in the order of the folder", () => {
  const files = readdirSync(fileURLToPath(new URL("../../prompts/", import.meta.url)))
    .map((file) => file.replace(/\.ts$/, "")).sort();
  assertEquals(names, files.filter((name) => !SHARED.includes(name)));
});

test("every prompt file exports the prompt of its name, and the manifest holds that one", async () => {
  for (const [index, name] of names.entries()) {
    const module = await import(new URL(`../../prompts/${name}.ts`, import.meta.url).href);
    assert(module.default === prompts[index], name);
    assertEquals(module.default.name, name);
  }
});

test("every title is short, every description a sentence, every argument described", () => {
  for (const { name, title, description, arguments: declared, scopes } of sealed.all) {
    assertLessOrEqual(title.length, 40, name);
    assert(/^[A-Z].*\.$/.test(description) && description.length <= 300, name);
    assertGreater(scopes.length, 0, name);
    for (const argument of declared) assertGreater(argument.description.length, 10, name);
  }
});

test("a prompt names tools that exist, and its scopes open every one of them", async () => {
  for (const [name, text] of await texts()) {
    const { scopes } = sealed.get(name)!;
    const named = toolsIn(text);
    assertGreater(named.length, 2, name);
    for (const word of named) {
      const tool = tools.find((one) => one.name === word);
      assert(tool, `${name} names ${word}`);
      // Nobody shall begin a job that they cannot finish.
      assertEquals(policy.missing(scopes, tool.scopes ?? []), [], `${name} calls ${word}`);
    }
  }
});

test("what completes an argument is open to whoever may have the prompt", () => {
  for (const { name, scopes, completers } of sealed.all) {
    for (const completer of completers.values()) {
      assertEquals(policy.missing(scopes, completer.scopes), [], name);
    }
  }
});

test("a production environment is named as one", async () => {
  const text = (await texts()).get("onboard_customer")!;
  assert(text.includes("This is a production environment"), text);
});
