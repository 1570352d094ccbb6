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

async function mira(workspace: Workspace) {
  const environmentId = await environmentNamed(workspace, "Production");
  const organizationId = await organizationNamed(workspace, environmentId, "Kestrel Robotics");
  const input = { environmentId, search: "mira@" };
  const { users } = await callTool("list_users", input, { workspace });
  return { environmentId, organizationId, userId: users[0].id as string };
}

test("remove_organization_user says that the user goes with their only organization, and does it", () =>
  withWorkspace(async (workspace) => {
    const ids = await mira(workspace);
    assertEquals(
      await questionOf("remove_organization_user", ids, workspace),
      "Remove mira@kestrel.example (the roles admin) from the organization Kestrel Robotics? They belong to no " +
        "other organization, so the user is deleted for good. This cannot be undone.",
    );
    const { environmentId, organizationId, userId } = ids;
    assertEquals(await callTool("remove_organization_user", ids, { workspace }), {
      userId,
      organizationId,
      email: "mira@kestrel.example",
      deleted: true,
    });
    const calls = [
      () => callTool("get_user", { environmentId, userId }, { workspace }),
      () => callTool("remove_organization_user", ids, { workspace }),
      () => questionOf("remove_organization_user", ids, workspace),
    ];
    for (const call of calls) assertEquals((await assertRejects(call, AppError)).code, "not_found");
  }));

test("remove_organization_user leaves a user in their other organizations", () =>
  withWorkspace(async (workspace) => {
    const ids = await mira(workspace);
    const { environmentId, userId } = ids;
    const other = await organizationNamed(workspace, environmentId, "Halden Shipping");
    await callTool("create_organization_user", {
      environmentId,
      organizationId: other,
      email: "mira@kestrel.example",
      roles: ["member"],
    }, { workspace });
    assertEquals(
      await questionOf("remove_organization_user", ids, workspace),
      "Remove mira@kestrel.example (the roles admin) from the organization Kestrel Robotics? " +
        "They stay in 1 other organization.",
    );
    const { deleted } = await callTool("remove_organization_user", ids, { workspace });
    assertEquals(deleted, false);
    const { memberships } = await callTool("get_user", { environmentId, userId }, { workspace });
    assertEquals(
      memberships.map(({ organizationId }: { organizationId: string }) => organizationId),
      [other],
    );
  }));
