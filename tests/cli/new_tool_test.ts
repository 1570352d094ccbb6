/** The texts that `new tool` writes; tests/e2e/new_tool_test.ts runs the command and what it wrote. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { withTool } from "../../cli/tool_manifest.ts";
import { toolText } from "../../cli/tool_template.ts";
import { ROOT } from "../support/build.ts";

test("withTool() keeps the order of the folder at both ends, and gives up on what it does not know", () => {
  const manifest = readFileSync(join(ROOT, "tools/mod.ts"), "utf8");
  for (const name of ["add_a", "list_organization", "list_organizations_b", "zap_z"]) {
    const lines = withTool(manifest, name)!.split("\n");
    assertEquals(lines.length, manifest.split("\n").length + 2);
    const entries = lines.flatMap((line) => /^ {2}(\w+),$/.exec(line)?.[1] ?? []);
    const imports = lines.flatMap((line) => /^import (\w+) from/.exec(line)?.[1] ?? []);
    assertEquals(entries, imports, name);
    const files = lines.flatMap((line) => /from "\.\/(\w+)\.ts"/.exec(line)?.[1] ?? []);
    assertEquals(files, files.toSorted(), name);
  }
  assertEquals(withTool("export const tools = [];\n", "add_a"), undefined);
});

test("what is generated for a reader asks nobody, and what destroys asks", () => {
  const text = (effect: "read" | "delete") =>
    toolText({ name: "count_things", effect, scopes: ["org:read"] });
  assertEquals([text("read"), text("delete")].map((tool) => tool.includes("confirm(")), [
    false,
    true,
  ]);
});
