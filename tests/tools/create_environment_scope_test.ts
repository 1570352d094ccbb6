import { test } from "node:test";

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, NOW, withWorkspace } from "../support/tools.ts";

test("create_environment_scope returns the scope, enabled", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, scopeName: "report:read", description: "Read your reports" };
    const { id, ...scope } = await callTool("create_environment_scope", input, { workspace });
    assertMatch(id, /^scp_/);
    assertEquals(scope, {
      environmentId,
      name: "report:read",
      description: "Read your reports",
      enabled: true,
      createTime: NOW.toISOString(),
      updateTime: NOW.toISOString(),
    });
    const { scopes } = await callTool("list_environment_scopes", { environmentId }, { workspace });
    assertEquals(scopes.at(-1), { id, ...scope });
  }));

test("create_environment_scope refuses a name that is taken, in this environment alone", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, scopeName: "report:read" };
    await callTool("create_environment_scope", input, { workspace });
    const error = await assertRejects(
      () => callTool("create_environment_scope", input, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
    const other = await environmentNamed(workspace, "Development");
    const { description } = await callTool(
      "create_environment_scope",
      { ...input, environmentId: other },
      { workspace },
    );
    assertEquals(description, "");
  }));

test("create_environment_scope takes letters, digits and colons, and no more", () => {
  const problems = (scopeName: unknown) =>
    inputProblems("create_environment_scope", { environmentId: "env_1", scopeName });
  for (const name of ["a", "usr:read", "A1:b2:c3", "x".repeat(64)]) {
    assertEquals(problems(name), []);
  }
  for (const name of ["", "a_b", "a-b", "a.b", "a b", "a/b", "é", "x".repeat(65), "a\n"]) {
    assertEquals(problems(name).length, 1, name);
  }
});
