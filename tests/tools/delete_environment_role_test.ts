import { test } from "node:test";

import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { Workspace } from "../../store/workspace.ts";
import {
  callTool,
  environmentNamed,
  organizationNamed,
  questionOf,
  withWorkspace,
} from "../support/tools.ts";

const TOOL = "delete_environment_role";

async function rolesOf(workspace: Workspace, environmentId: string, organization: string) {
  const organizationId = await organizationNamed(workspace, environmentId, organization);
  const input = { environmentId, organizationId };
  const { users } = await callTool("list_organization_users", input, { workspace });
  return users.map(({ roles }: { roles: string[] }) => roles);
}

test("delete_environment_role deletes a role that nobody has, and only that", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const input = { environmentId, roleName: "billing" };
    assertEquals(
      await questionOf(TOOL, input, workspace),
      "Delete the role billing (Billing) of the environment Development (DEV)? " +
        "No membership has it, and it is no default.",
    );
    const { role, changedMemberships } = await callTool(TOOL, input, { workspace });
    assertEquals([role.name, changedMemberships], ["billing", 0]);
    const { roles } = await callTool("list_environment_roles", { environmentId }, { workspace });
    assertEquals(roles.map(({ name }: typeof role) => name), ["admin", "member"]);
    const production = await environmentNamed(workspace, "Production");
    await callTool("get_environment_role", { ...input, environmentId: production }, { workspace });
  }));

test("delete_environment_role refuses a role in use before anybody is asked", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const refusals = {
      billing: "held by memberships (1)",
      admin: "the default of creators and held by memberships (3)",
      member: "the default of members and held by memberships (3)",
    };
    for (const [roleName, why] of Object.entries(refusals)) {
      const input = { environmentId, roleName };
      for (
        const call of [questionOf(TOOL, input, workspace), callTool(TOOL, input, { workspace })]
      ) {
        const error = await assertRejects(() => call, AppError, why);
        assertEquals(error.code, "conflict");
      }
    }
    const { totalSize } = await callTool("list_environment_roles", { environmentId }, {
      workspace,
    });
    assertEquals(totalSize, 3);
  }));

test("delete_environment_role puts the replacement in the place of the role, once", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, roleName: "member", replacementRoleName: "billing" };
    assertEquals(
      await questionOf(TOOL, input, workspace),
      "Delete the role member (Member) of the environment Production (PRD)? " +
        "The memberships that have it (3) get the role billing (Billing) instead. " +
        "The role billing (Billing) becomes the default of members.",
    );
    const { changedMemberships } = await callTool(TOOL, input, { workspace });
    assertEquals(changedMemberships, 3);
    assertEquals(await rolesOf(workspace, environmentId, "Kestrel Robotics"), [
      ["billing"],
      ["billing"],
      ["admin"],
    ]);
    const { defaultMember, membershipCount } = await callTool(
      "get_environment_role",
      { environmentId, roleName: "billing" },
      { workspace },
    );
    assertEquals([defaultMember, membershipCount], [true, 3]);
    const development = await environmentNamed(workspace, "Development");
    assertEquals(await rolesOf(workspace, development, "Kestrel Robotics"), [["member"], [
      "admin",
    ]]);
  }));

test("delete_environment_role refuses a replacement that is missing or the role itself", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const cases = { admin: "invalid_input", guest: "not_found" };
    for (const [replacementRoleName, code] of Object.entries(cases)) {
      const input = { environmentId, roleName: "admin", replacementRoleName };
      for (
        const call of [questionOf(TOOL, input, workspace), callTool(TOOL, input, { workspace })]
      ) {
        assertEquals((await assertRejects(() => call, AppError)).code, code);
      }
    }
    const unused = { environmentId, roleName: "unused", displayName: "Unused" };
    await callTool("create_environment_role", unused, { workspace });
    const itself = { environmentId, roleName: "unused", replacementRoleName: "unused" };
    const error = await assertRejects(() => callTool(TOOL, itself, { workspace }), AppError);
    assertEquals(error.code, "invalid_input");
  }));
