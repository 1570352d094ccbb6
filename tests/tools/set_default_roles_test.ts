import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

test("set_default_roles moves the default it names and leaves the other", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const set = (defaults: object) =>
      callTool("set_default_roles", { environmentId, ...defaults }, { workspace });
    assertEquals(await set({ defaultMember: "billing" }), {
      defaultCreator: "admin",
      defaultMember: "billing",
    });
    assertEquals(await set({ defaultCreator: "billing", defaultMember: "member" }), {
      defaultCreator: "billing",
      defaultMember: "member",
    });
    const { roles } = await callTool("list_environment_roles", { environmentId }, { workspace });
    const flags = roles.map((
      { name, defaultCreator, defaultMember }: Record<string, unknown>,
    ) => [name, defaultCreator, defaultMember]);
    assertEquals(flags, [
      ["admin", false, false],
      ["member", false, true],
      ["billing", true, false],
    ]);
    const other = await environmentNamed(workspace, "Development");
    const input = { environmentId: other, defaultMember: "member" };
    assertEquals(await callTool("set_default_roles", input, { workspace }), {
      defaultCreator: "admin",
      defaultMember: "member",
    });
  }));

test("set_default_roles moves neither when one of the roles does not exist", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, defaultCreator: "member", defaultMember: "guest" };
    const error = await assertRejects(
      () => callTool("set_default_roles", input, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
    const role = { environmentId, roleName: "member" };
    const { defaultCreator } = await callTool("get_environment_role", role, { workspace });
    assertEquals(defaultCreator, false);
  }));

test("set_default_roles asks for at least one role", () => {
  assertEquals(inputProblems("set_default_roles", { environmentId: "env_1" }), [
    ": Must name what to change: defaultCreator or defaultMember",
  ]);
});
