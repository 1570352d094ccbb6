import { test } from "node:test";

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, withWorkspace } from "../support/tools.ts";

test("list_environment_roles returns the roles that users have, page by page", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, pageSize: 2 };
    const first = await callTool("list_environment_roles", input, { workspace });
    const { nextPageToken: pageToken } = first;
    const second = await callTool("list_environment_roles", { ...input, pageToken }, { workspace });
    assertEquals([first.totalSize, second.totalSize, second.nextPageToken], [3, 3, undefined]);
    const roles = [...first.roles, ...second.roles];
    assertEquals(roles.map(({ name }) => name), ["admin", "member", "billing"]);
    const [{ id, ...admin }] = roles;
    assertMatch(id, /^role_[A-Za-z0-9]{1,28}$/);
    assertEquals(admin, {
      environmentId,
      name: "admin",
      displayName: "Administrator",
      description: "Manages the organization, its people and its settings",
      defaultCreator: true,
      defaultMember: false,
      createTime: "2025-01-06T09:00:00.000Z",
      updateTime: "2025-01-06T09:00:00.000Z",
    });
  }));

test("list_environment_roles refuses an environment that does not exist", async () => {
  const error = await assertRejects(
    () => callTool("list_environment_roles", { environmentId: "env_0" }),
    AppError,
  );
  assertEquals(error.code, "not_found");
});
