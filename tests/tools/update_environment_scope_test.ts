import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

test("update_environment_scope switches a scope off and on, and keeps its description", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const update = (changes: object) =>
      callTool("update_environment_scope", { environmentId, scopeName: "usr:read", ...changes }, {
        workspace,
      });
    const off = await update({ enabled: false });
    assertEquals([off.enabled, off.description], [false, "Read your name and email address"]);
    const described = await update({ description: "Read your name" });
    assertEquals([described.enabled, described.description], [false, "Read your name"]);
    const on = await update({ enabled: true, description: "" });
    assertEquals([on.enabled, on.description], [true, ""]);
  }));

test("update_environment_scope refuses a scope that does not exist", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    for (const scopeName of ["USR:READ", "usr:rea", "nothing"]) {
      const input = { environmentId, scopeName, enabled: false };
      const error = await assertRejects(
        () => callTool("update_environment_scope", input, { workspace }),
        AppError,
      );
      assertEquals(error.code, "not_found");
    }
  }));

test("update_environment_scope says what could be changed when nothing is named", () => {
  assertEquals(
    inputProblems("update_environment_scope", { environmentId: "env_1", scopeName: "usr:read" }),
    [": Must name what to change: description or enabled"],
  );
});
