import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { SHIPPED_SCOPES } from "../../auth/scopes.ts";
import { tools } from "../../tools/mod.ts";
import { gatehouse, withFolder } from "./support.ts";

const NAMES = tools.map(({ name }) => name).sort();

test("tools lists every tool with its effect and scopes", async () => {
  const { code, out, err } = await gatehouse(["tools"]);
  assertEquals([code, err], [0, ""]);
  const lines = out.split("\n").map((line) => line.split(/ {2,}/));
  assertEquals(lines.map(([name]) => name!.trim()), NAMES);
  assertEquals(
    lines.find(([name]) => name === "create_organization")?.slice(1, 3),
    ["create", "org:write"],
  );
  assertEquals(lines.find(([name]) => name === "whoami")?.[2], "(any caller)");
});

test("tools --json has the published schemas and nothing of the code", async () => {
  const { code, out } = await gatehouse(["tools", "--json"]);
  assertEquals(code, 0);
  const listed = JSON.parse(out) as Record<string, unknown>[];
  assertEquals(listed.map(({ name }) => name), NAMES);
  for (const tool of listed) {
    assertEquals((tool["inputSchema"] as { type: string }).type, "object");
    assertFalse("handle" in tool || "input" in tool || "output" in tool);
  }
});

test("tools --matrix marks what a tool requires, and what includes that", async () => {
  const { code, out } = await gatehouse(["tools", "--matrix"]);
  assertEquals(code, 0);
  const [head, ...lines] = out.split("\n");
  const scopes = head!.trim().split(/ +/);
  assertEquals(scopes, Object.keys(SHIPPED_SCOPES).sort());
  const marksOf = (name: string) => {
    const line = lines.find((candidate) => candidate.startsWith(name))!;
    // Aligned: each mark stands under the first letter of its scope.
    return Object.fromEntries(
      scopes.map((scope) => [scope, line[head!.indexOf(scope)]?.trim() ?? ""])
        .filter(([, mark]) => mark !== ""),
    );
  };
  assertEquals(marksOf("list_environments"), { "env:read": "x", "env:write": "+" });
  assertEquals(marksOf("create_organization "), { "org:write": "x" });
  assertEquals(marksOf("whoami"), {});
  assertEquals(lines.slice(0, NAMES.length).map((line) => line.split(" ")[0]), NAMES);
});

test("tools --matrix --json is the same as data, with a deployment's own scopes", () =>
  withFolder(async (folder) => {
    const file = join(folder, "config.json");
    const scopes = { "org:admin": { description: "All of it", implies: ["org:write"] } };
    await writeFile(file, JSON.stringify({ scopes }));
    const { code, out } = await gatehouse(["tools", "--matrix", "--json", "--config", file]);
    assertEquals(code, 0);
    const matrix = JSON.parse(out);
    assert(matrix.scopes.includes("org:admin"));
    const rowOf = (name: string) =>
      matrix.tools.find((tool: { name: string }) => tool.name === name);
    assertEquals(rowOf("create_organization"), {
      name: "create_organization",
      required: ["org:write"],
      implied_by: ["org:admin"],
    });
    assertEquals(rowOf("list_organizations").implied_by, ["org:admin", "org:write"]);
    assertEquals(rowOf("whoami"), { name: "whoami", required: [], implied_by: [] });
  }));
