import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

test("update_environment_role changes what it names and nothing else", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const update = (changes: object) =>
      callTool("update_environment_role", { environmentId, roleName: "admin", ...changes }, {
        workspace,
      });
    const renamed = await update({ displayName: "Owner" });
    assertEquals([renamed.name, renamed.displayName, renamed.defaultCreator], [
      "admin",
      "Owner",
      true,
    ]);
    assertEquals(renamed.description, "Manages the organization, its people and its settings");
    const cleared = await update({ description: "" });
    assertEquals([cleared.displayName, cleared.description], ["Owner", ""]);
    const elsewhere = await callTool("get_environment_role", {
      environmentId: await environmentNamed(workspace, "Development"),
      roleName: "admin",
    }, { workspace });
    assertEquals(elsewhere.displayName, "Administrator");
  }));

test("update_environment_role refuses a role that does not exist", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, roleName: "guest", displayName: "Guest" };
    const error = await assertRejects(
      () => callTool("update_environment_role", input, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("update_environment_role says what could be changed when nothing is named", () => {
  assertEquals(
    inputProblems("update_environment_role", { environmentId: "env_1", roleName: "admin" }),
    [": Must name what to change: displayName or description"],
  );
});
