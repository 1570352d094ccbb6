import { test } from "node:test";
import { z } from "zod";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createScopePolicy } from "../../auth/scopes.ts";
import { AppError } from "../../errors.ts";
import { createResources } from "../../resources/registry.ts";
import type { AnyResourceDefinition } from "../../resources/registry.ts";

const policy = createScopePolicy();
const sound = {
  template: "docs://{name}",
  name: "docs",
  title: "Docs",
  description: "A probe that is long enough for the check of its description.",
  mimeType: "text/plain",
  scopes: ["org:read"],
  params: { name: z.string() },
  output: z.string(),
  read: () => Promise.resolve("text"),
} satisfies AnyResourceDefinition;

function problems(...definitions: readonly object[]): string {
  return assertThrows(
    () => createResources(definitions as readonly AnyResourceDefinition[], policy),
    AppError,
  ).message;
}

test("a resource that says nothing about access is not served (H182)", () => {
  const { scopes: _, ...open } = sound;
  assertStringIncludes(problems(open), "it declares neither scopes nor access");
  assertStringIncludes(problems({ ...sound, scopes: [] }), "it declares neither scopes");
  assertStringIncludes(problems({ ...sound, scopes: ["docs:all"] }), "docs:all is not in the");
});

test("an address that is none, is shared, or has other variables than shapes is refused", () => {
  assertStringIncludes(problems({ ...sound, template: "file://{name}" }), "not one of this server");
  assertStringIncludes(problems({ ...sound, params: {} }), "not the variables of its template");
  const { template: _, params: __, ...rest } = sound;
  const fixed = { ...rest, uri: "docs://readme", name: "readme" };
  assertStringIncludes(problems(sound, fixed), "a URI could name it and docs");
  assertStringIncludes(problems(sound, sound), "its name is taken");
  assertStringIncludes(problems({ ...fixed, uri: "docs://{name}" }), "so it is a template");
  assertStringIncludes(
    problems({ ...sound, complete: { other: { scopes: [], complete: () => {} } } }),
    "it completes other, which is no variable",
  );
});

test("a URI is found by its form and by the shapes of its variables", () => {
  const shaped = { ...sound, params: { name: z.string().regex(/^[a-z]+$/) } };
  const { find, byTemplate, all } = createResources([shaped], policy);
  assertEquals(find("docs://readme")?.params, { name: "readme" });
  assertEquals(find("docs://README"), undefined);
  assert(byTemplate("docs://{name}") === all[0]);
  assertEquals(byTemplate("docs://readme"), undefined);
  assert(Object.isFrozen(all[0]) && Object.isFrozen(all));
});
