import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
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

test("update_user changes a person for all their organizations, and removes with an empty text", () =>
  withWorkspace(async (workspace) => {
    const { environmentId, organizationId, userId } = await mira(workspace);
    const ids = { environmentId, userId };
    const changes = { givenName: "Mirabel", familyName: "", externalId: "hr-1" };
    const user = await callTool("update_user", { ...ids, ...changes }, { workspace });
    assertEquals([user.givenName, user.externalId, user.email], [
      "Mirabel",
      "hr-1",
      "mira@kestrel.example",
    ]);
    assert(!("familyName" in user));
    const listing = { environmentId, organizationId };
    const { users } = await callTool("list_organization_users", listing, { workspace });
    const listed = users.find(({ id }: { id: string }) => id === userId);
    assertEquals([listed.givenName, listed.familyName], ["Mirabel", undefined]);
    const same = await callTool("update_user", { ...ids, givenName: "Mirabel" }, { workspace });
    assertEquals(same.externalId, "hr-1");
  }));

test("update_user refuses an external id of somebody else, and a call that names nothing", () =>
  withWorkspace(async (workspace) => {
    const { environmentId, organizationId, userId } = await mira(workspace);
    await callTool("create_organization_user", {
      environmentId,
      organizationId,
      email: "new@kestrel.example",
      roles: ["member"],
      externalId: "hr-2",
    }, { workspace });
    const cases = { conflict: { externalId: "hr-2", givenName: "X" }, invalid_input: {} };
    for (const [code, changes] of Object.entries(cases)) {
      const error = await assertRejects(
        async () =>
          await callTool("update_user", { environmentId, userId, ...changes }, { workspace }),
        AppError,
      );
      assertEquals(error.code, code);
    }
    const { givenName } = await callTool("get_user", { environmentId, userId }, { workspace });
    assertEquals(givenName, "Mira");
  }));

test("update_user takes no email and no roles", () => {
  const ids = { environmentId: "env_1", userId: "usr_1", givenName: "A" };
  for (const change of [{ email: "a@b.example" }, { roles: ["admin"] }, { givenName: "a\nb" }]) {
    assertEquals(inputProblems("update_user", { ...ids, ...change }).length, 1);
  }
});
