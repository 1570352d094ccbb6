import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import {
  callTool,
  environmentNamed,
  organizationNamed,
  questionOf,
  withWorkspace,
} from "../support/tools.ts";

test("delete_organization asks with the numbers that then turn out true", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, environmentId, "Kestrel Robotics");
    const other = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const joining = { environmentId, organizationId: other, roles: ["member"] };
    await callTool(
      "create_organization_user",
      { ...joining, email: "mira@kestrel.example" },
      { workspace },
    );
    const ids = { environmentId, organizationId };
    assertEquals(
      await questionOf("delete_organization", ids, workspace),
      "Delete the organization Kestrel Robotics (kestrel) of the environment Production? " +
        "Its 3 users lose access to it. 2 users, who belong to no other organization, are deleted for good. " +
        "Its 1 connection goes with it, and nobody signs in through it any more. " +
        "This cannot be undone.",
    );
    assertEquals(await callTool("delete_organization", ids, { workspace }), {
      organizationId,
      displayName: "Kestrel Robotics",
      externalId: "kestrel",
      removedUsers: 3,
      deletedUsers: 2,
    });
    const left = await callTool(
      "list_users",
      { environmentId, search: "kestrel.example" },
      { workspace },
    );
    assertEquals(left.users.map(({ email }: { email: string }) => email), ["mira@kestrel.example"]);
    const error = await assertRejects(
      () => callTool("delete_organization", ids, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("delete_organization counts one user in the singular, and says when there is none", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const one = await organizationNamed(workspace, environmentId, "Bäckerei Sommer");
    assertEquals(
      await questionOf("delete_organization", { environmentId, organizationId: one }, workspace),
      "Delete the organization Bäckerei Sommer (sommer) of the environment Production? " +
        "Its 1 user loses access to it. 1 user, who belongs to no other organization, is deleted for good. " +
        "This cannot be undone.",
    );
    const empty = { environmentId, displayName: "Empty" };
    const { id } = await callTool("create_organization", empty, { workspace });
    assertEquals(
      await questionOf("delete_organization", { environmentId, organizationId: id }, workspace),
      "Delete the organization Empty of the environment Production? It has no users. " +
        "This cannot be undone.",
    );
  }));

test("delete_organization asks nothing about an organization of another environment", () =>
  withWorkspace(async (workspace) => {
    const production = await environmentNamed(workspace, "Production");
    const environmentId = await environmentNamed(workspace, "Development");
    const organizationId = await organizationNamed(workspace, production, "Halden Shipping");
    const input = { environmentId, organizationId };
    const calls = [
      () => questionOf("delete_organization", input, workspace),
      () => callTool("delete_organization", input, { workspace }),
    ];
    for (const call of calls) assertEquals((await assertRejects(call, AppError)).code, "not_found");
    await workspace.getOrganization(production, organizationId);
  }));
