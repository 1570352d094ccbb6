import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { Workspace } from "../../store/workspace.ts";
import { callTool, environmentNamed, organizationNamed, withWorkspace } from "../support/tools.ts";

async function mira(workspace: Workspace) {
  const environmentId = await environmentNamed(workspace, "Production");
  const organizationId = await organizationNamed(workspace, environmentId, "Kestrel Robotics");
  const input = { environmentId, search: "mira@" };
  const { users } = await callTool("list_users", input, { workspace });
  return { environmentId, organizationId, userId: users[0].id as string };
}

test("get_user tells every organization of a person, with their roles there", () =>
  withWorkspace(async (workspace) => {
    const { environmentId, userId } = await mira(workspace);
    const other = await organizationNamed(workspace, environmentId, "Halden Shipping");
    await callTool("create_organization_user", {
      environmentId,
      organizationId: other,
      email: "MIRA@kestrel.example",
      roles: ["billing"],
    }, { workspace });
    const user = await callTool("get_user", { environmentId, userId }, { workspace });
    assertEquals([user.id, user.givenName, user.membershipCount], [userId, "Mira", 2]);
    assertEquals(
      user.memberships.map((membership: Record<string, unknown>) => [
        membership["organizationName"],
        membership["roles"],
        membership["membershipStatus"],
      ]),
      [["Halden Shipping", ["billing"], "ACTIVE"], ["Kestrel Robotics", ["admin"], "ACTIVE"]],
    );
  }));

test("get_user does not find a person of another environment", () =>
  withWorkspace(async (workspace) => {
    const { userId } = await mira(workspace);
    const environmentId = await environmentNamed(workspace, "Development");
    const error = await assertRejects(
      () => callTool("get_user", { environmentId, userId }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));
