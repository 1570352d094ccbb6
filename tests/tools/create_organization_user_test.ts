import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import {
  callTool,
  environmentNamed,
  inputProblems,
  NOW,
  organizationNamed,
  withWorkspace,
} from "../support/tools.ts";

test("create_organization_user returns the user, and the organization lists them", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const person = {
      email: "O'Hara+vpn@sub.halden.example",
      roles: ["member", "billing"],
      externalId: "hr-7",
      givenName: "Siân",
      familyName: "O’Hara",
    };
    const { id, ...user } = await callTool(
      "create_organization_user",
      { environmentId, organizationId, ...person },
      { workspace },
    );
    assertMatch(id, /^usr_[A-Za-z0-9]{1,28}$/);
    assertEquals(user, {
      ...person,
      organizationId,
      membershipStatus: "ACTIVE",
      createTime: NOW.toISOString(),
      updateTime: NOW.toISOString(),
    });
    const { users } = await callTool(
      "list_organization_users",
      { environmentId, organizationId },
      { workspace },
    );
    assertEquals(users[0], { id, ...user });
  }));

test("create_organization_user takes a known person along under the same id", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const halden = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const kestrel = await organizationNamed(workspace, environmentId, "Kestrel Robotics");
    const { users } = await callTool(
      "list_organization_users",
      { environmentId, organizationId: halden },
      { workspace },
    );
    const known = users[0];
    const joined = await callTool(
      "create_organization_user",
      { environmentId, organizationId: kestrel, email: known.email, roles: ["billing"] },
      { workspace },
    );
    assertEquals([joined.id, joined.organizationId], [known.id, kestrel]);
    assertEquals([joined.givenName, joined.roles], [known.givenName, ["billing"]]);
  }));

test("create_organization_user refuses a person who is in already, whatever the case", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const error = await assertRejects(
      () =>
        callTool("create_organization_user", {
          environmentId,
          organizationId,
          email: "INGRID@halden.example",
          roles: ["admin"],
        }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
  }));

test("create_organization_user refuses an organization that does not exist", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const error = await assertRejects(
      () =>
        callTool("create_organization_user", {
          environmentId,
          organizationId: "org_0",
          email: "ada@example.com",
          roles: ["admin"],
        }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("create_organization_user asks for roles and never picks one", () => {
  const input = { environmentId: "env_1", organizationId: "org_1", email: "ada@example.com" };
  const roles = (count: number) => Array.from({ length: count }, (_, index) => `role_${index}`);
  assertEquals(inputProblems("create_organization_user", { ...input, roles: roles(10) }), []);
  for (
    const wrong of [undefined, [], "admin", ["admin", "admin"], ["a b"], [""], roles(11)]
  ) {
    assert(
      inputProblems("create_organization_user", { ...input, roles: wrong }).length > 0,
      JSON.stringify(wrong),
    );
  }
});

test("create_organization_user refuses a role that the environment does not have, and names the others", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const scene = { environmentId, organizationId, email: "ada@example.com" };
    for (const unknown of ["guest", "Admin"]) {
      const error = await assertRejects(
        () =>
          callTool("create_organization_user", { ...scene, roles: ["member", unknown] }, {
            workspace,
          }),
        AppError,
        `no role "${unknown}"; take from admin, member, billing, or create the role first`,
      );
      assertEquals(error.code, "invalid_input");
    }
    const { totalSize } = await callTool("list_organization_users", {
      environmentId,
      organizationId,
    }, { workspace });
    assertEquals(totalSize, 2);
  }));
