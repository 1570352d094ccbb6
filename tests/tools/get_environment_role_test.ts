import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

test("get_environment_role counts the memberships of its own environment only", () =>
  withWorkspace(async (workspace) => {
    const counts = [];
    for (const environment of ["Development", "Production"]) {
      const environmentId = await environmentNamed(workspace, environment);
      for (const roleName of ["admin", "member", "billing"]) {
        const input = { environmentId, roleName };
        const { membershipCount } = await callTool("get_environment_role", input, { workspace });
        counts.push(membershipCount);
      }
    }
    assertEquals(counts, [2, 1, 0, 3, 3, 1]);
  }));

test("get_environment_role tells names apart by case, and knows no part of a name", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    for (const roleName of ["Admin", "admi", "_dmin", "guest"]) {
      const error = await assertRejects(
        () => callTool("get_environment_role", { environmentId, roleName }, { workspace }),
        AppError,
      );
      assertEquals(error.code, "not_found");
    }
    // LIKE would find each of them in the memberships of another role.
    for (const roleName of ["Admin", "_dmin", "billin"]) {
      const role = { environmentId, roleName, displayName: "Another" };
      await callTool("create_environment_role", role, { workspace });
      const { membershipCount } = await callTool(
        "get_environment_role",
        { environmentId, roleName },
        { workspace },
      );
      assertEquals(membershipCount, 0, roleName);
    }
  }));

test("get_environment_role takes names as roles have them", () => {
  const problems = (roleName: unknown) =>
    inputProblems("get_environment_role", { environmentId: "env_1", roleName });
  for (const name of ["a", "Support_agent_2", "x".repeat(64)]) assertEquals(problems(name), []);
  for (const name of ["", "a b", "a-b", "a:b", "é", "x".repeat(65), "a\n", 1, undefined]) {
    assertEquals(problems(name).length, 1, String(name));
  }
});
