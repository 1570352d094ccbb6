import { test } from "node:test";

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, NOW, withWorkspace } from "../support/tools.ts";

const ROLE = { roleName: "support_agent", displayName: "Support agent" };

test("create_environment_role returns the role, and users can have it", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, ...ROLE, description: "Answers customers" };
    const { id, ...role } = await callTool("create_environment_role", input, { workspace });
    assertMatch(id, /^role_[A-Za-z0-9]{1,28}$/);
    assertEquals(role, {
      environmentId,
      name: "support_agent",
      displayName: "Support agent",
      description: "Answers customers",
      defaultCreator: false,
      defaultMember: false,
      createTime: NOW.toISOString(),
      updateTime: NOW.toISOString(),
    });
    const { id: organizationId } = await callTool(
      "create_organization",
      { environmentId, displayName: "Acme" },
      { workspace },
    );
    const person = { email: "ada@example.com", roles: ["support_agent"] };
    const user = await callTool(
      "create_organization_user",
      { environmentId, organizationId, ...person },
      { workspace },
    );
    assertEquals(user.roles, ["support_agent"]);
  }));

test("create_environment_role takes over a default, so that one role has it", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, ...ROLE, defaultMember: true };
    const role = await callTool("create_environment_role", input, { workspace });
    assertEquals([role.defaultCreator, role.defaultMember], [false, true]);
    const { roles } = await callTool("list_environment_roles", { environmentId }, { workspace });
    const holders = (field: string) =>
      roles.filter((role: Record<string, unknown>) => role[field]).map(({ name }: typeof role) =>
        name
      );
    assertEquals(holders("defaultMember"), ["support_agent"]);
    assertEquals(holders("defaultCreator"), ["admin"]);
  }));

test("create_environment_role refuses a name that is taken, and leaves the defaults", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, roleName: "billing", displayName: "B", defaultCreator: true };
    const error = await assertRejects(
      () => callTool("create_environment_role", input, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
    const { defaultCreator } = await callTool(
      "get_environment_role",
      { environmentId, roleName: "admin" },
      { workspace },
    );
    assert(defaultCreator);
  }));

test("create_environment_role bounds its texts", () => {
  const problems = (changes: object) =>
    inputProblems("create_environment_role", { environmentId: "env_1", ...ROLE, ...changes });
  assertEquals(problems({ displayName: "x".repeat(100), description: "x".repeat(2000) }), []);
  assertEquals(problems({ description: "" }), []);
  for (
    const wrong of [
      { roleName: "support-agent" },
      { displayName: "x".repeat(101) },
      { displayName: " x" },
      { description: "x".repeat(2001) },
      { description: "a\u202eb" },
      { isDefault: true },
    ]
  ) assertEquals(problems(wrong).length, 1, JSON.stringify(wrong).slice(0, 60));
});
