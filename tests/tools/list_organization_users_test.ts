import { test } from "node:test";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, organizationNamed, withWorkspace } from "../support/tools.ts";

test("list_organization_users returns the users of one organization, page by page", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const input = { environmentId, organizationId, pageSize: 1 };
    const first = await callTool("list_organization_users", input, { workspace });
    const second = await callTool(
      "list_organization_users",
      { ...input, pageToken: first.nextPageToken },
      { workspace },
    );
    assertEquals([first.totalSize, second.totalSize, second.nextPageToken], [2, 2, undefined]);
    const [{ id, ...user }] = second.users;
    assertMatch(id, /^usr_/);
    assertEquals(user, {
      organizationId,
      email: "ingrid@halden.example",
      givenName: "Ingrid",
      familyName: "Solberg",
      roles: ["admin"],
      membershipStatus: "ACTIVE",
      createTime: "2025-01-06T09:00:00.000Z",
      updateTime: "2025-01-06T09:00:00.000Z",
    });
  }));

test("list_organization_users does not reach into another environment", () =>
  withWorkspace(async (workspace) => {
    const production = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, production, "Halden Shipping");
    const environmentId = await environmentNamed(workspace, "Development");
    const error = await assertRejects(
      () => callTool("list_organization_users", { environmentId, organizationId }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("list_organization_users refuses the page token of another organization", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const halden = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const kestrel = await organizationNamed(workspace, environmentId, "Kestrel Robotics");
    const { nextPageToken } = await callTool(
      "list_organization_users",
      { environmentId, organizationId: halden, pageSize: 1 },
      { workspace },
    );
    const error = await assertRejects(
      () =>
        callTool("list_organization_users", {
          environmentId,
          organizationId: kestrel,
          pageToken: nextPageToken,
        }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "invalid_input");
  }));
