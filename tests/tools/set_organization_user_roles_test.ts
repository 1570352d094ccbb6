import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { Workspace } from "../../store/workspace.ts";
import {
  callTool,
  environmentNamed,
  inputProblems,
  organizationNamed,
  withWorkspace,
} from "../support/tools.ts";

async function mira(workspace: Workspace) {
  const environmentId = await environmentNamed(workspace, "Production");
  const organizationId = await organizationNamed(workspace, environmentId, "Kestrel Robotics");
  const input = { environmentId, search: "mira@" };
  const { users } = await callTool("list_users", input, { workspace });
  return { environmentId, organizationId, userId: users[0].id as string };
}

test("set_organization_user_roles takes the place of all roles in that organization", () =>
  withWorkspace(async (workspace) => {
    const ids = await mira(workspace);
    const input = { ...ids, roles: ["member", "billing"] };
    const user = await callTool("set_organization_user_roles", input, { workspace });
    assertEquals([user.id, user.roles], [ids.userId, ["member", "billing"]]);
    const { environmentId, userId } = ids;
    const { memberships } = await callTool("get_user", { environmentId, userId }, { workspace });
    assertEquals(memberships[0].roles, ["member", "billing"]);
  }));

test("set_organization_user_roles refuses a user of another organization", () =>
  withWorkspace(async (workspace) => {
    const ids = await mira(workspace);
    const other = await organizationNamed(workspace, ids.environmentId, "Halden Shipping");
    const input = { ...ids, organizationId: other, roles: ["admin"] };
    const error = await assertRejects(
      () => callTool("set_organization_user_roles", input, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("set_organization_user_roles gives nobody a role that the environment does not have", () =>
  withWorkspace(async (workspace) => {
    const ids = await mira(workspace);
    const { organizationId: _, ...person } = ids;
    const before = await callTool("get_user", person, { workspace });
    const input = { ...ids, roles: ["member", "superuser"] };
    const error = await assertRejects(
      () => callTool("set_organization_user_roles", input, { workspace }),
      AppError,
    );
    assertEquals([error.code, error.reason], ["invalid_input", "role_unknown"]);
    assertEquals(await callTool("get_user", person, { workspace }), before);
  }));

test("set_organization_user_roles wants at least one role, each once and well-formed", () => {
  const ids = { environmentId: "env_1", organizationId: "org_1", userId: "usr_1" };
  for (const roles of [undefined, [], ["a", "a"], ["a b"], [""], "admin", Array(11).fill("x")]) {
    const problems = inputProblems("set_organization_user_roles", { ...ids, roles });
    assertEquals(problems.length > 0, true, JSON.stringify(roles));
  }
});
