/** The contract of the Workspace interface, part: roles and scopes of environments, and the roles of memberships. */

import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import type { Workspace } from "../../store/workspace.ts";
import { everyItem, refused, type RegisterScene } from "./contract_scene.ts";

function rolesOf(workspace: Workspace, environmentId: string) {
  return everyItem((pageToken) =>
    workspace.listEnvironmentRoles(environmentId, { pageSize: 2, pageToken })
  );
}

export function describeRoles(scene: RegisterScene): void {
  scene("a new environment has a default role of creators and one of members", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    for (const id of [environmentId, otherEnvironmentId]) {
      const roles = await rolesOf(workspace, id);
      assertEquals(roles.filter(({ defaultCreator }) => defaultCreator).length, 1);
      assertEquals(roles.filter(({ defaultMember }) => defaultMember).length, 1);
      assert(roles.every((role) => role.environmentId === id));
    }
  });

  scene("createEnvironmentRole() stores what it is given", async (scene) => {
    const { workspace, environmentId } = scene;
    const input = { name: "Support_2", displayName: "Zoë's 株式会社 🚀", description: "a\nb 'c'" };
    const role = await workspace.createEnvironmentRole(environmentId, input);
    assertMatch(role.id, /^role_[A-Za-z0-9]{1,28}$/);
    const { name, displayName, description } = role;
    assertEquals({ name, displayName, description }, input);
    assertEquals([role.defaultCreator, role.defaultMember], [false, false]);
    assertEquals((await rolesOf(workspace, environmentId)).at(-1), role);
    assertEquals(await workspace.getEnvironmentRole(environmentId, name), {
      ...role,
      membershipCount: 0,
    });
  });

  scene("createEnvironmentRole() tells names apart byte by byte", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const create = (name: string, id = environmentId) =>
      workspace.createEnvironmentRole(id, { name, displayName: name });
    await create("Agent");
    await create("agent");
    await create("Agent", otherEnvironmentId);
    await refused("conflict", () => create("Agent"));
    await refused("not_found", () => create("Agent", "env_unknown"));
    await refused("invalid_input", () => create("a\0"));
    await refused("not_found", () => workspace.getEnvironmentRole(environmentId, "AGENT"));
    await refused("not_found", () => workspace.getEnvironmentRole(environmentId, "agent\0"));
  });

  scene("an environment keeps a hundred roles and a hundred scopes", async (scene) => {
    const { workspace, environmentId } = scene;
    const { totalSize: roles } = await workspace.listEnvironmentRoles(environmentId, {
      pageSize: 1,
    });
    const { totalSize: scopes } = await workspace.listEnvironmentScopes(environmentId, {
      pageSize: 1,
    });
    const role = (name: string) =>
      workspace.createEnvironmentRole(environmentId, { name, displayName: name });
    const scope = (name: string) => workspace.createEnvironmentScope(environmentId, { name });
    for (let n = roles; n < 100; n++) await role(`r${n}`);
    for (let n = scopes; n < 100; n++) await scope(`s${n}`);
    await refused("conflict", () => role("one_more"));
    await refused("conflict", () => scope("one:more"));
    await workspace.deleteEnvironmentScope(environmentId, "s99");
    await scope("one:more");
  });

  scene("setDefaultRoles() leaves one default of each kind", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const others = await rolesOf(workspace, otherEnvironmentId);
    await workspace.createEnvironmentRole(environmentId, {
      name: "owner",
      displayName: "Owner",
      defaultCreator: true,
      defaultMember: true,
    });
    const defaults = async () =>
      (await rolesOf(workspace, environmentId)).flatMap((role) => [
        ...(role.defaultCreator ? [`creator ${role.name}`] : []),
        ...(role.defaultMember ? [`member ${role.name}`] : []),
      ]);
    assertEquals(await defaults(), ["creator owner", "member owner"]);
    const set = await workspace.setDefaultRoles(environmentId, { defaultMember: "member" });
    assertEquals(set, { defaultCreator: "owner", defaultMember: "member" });
    assertEquals(await defaults(), ["member member", "creator owner"]);
    const unknown = { defaultCreator: "member", defaultMember: "nobody" };
    await refused("not_found", () => workspace.setDefaultRoles(environmentId, unknown));
    assertEquals(await defaults(), ["member member", "creator owner"]);
    assertEquals(await rolesOf(workspace, otherEnvironmentId), others);
  });

  scene("a membership has only roles of its environment", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    const elsewhere = { name: "elsewhere", displayName: "Elsewhere" };
    await workspace.createEnvironmentRole(otherEnvironmentId, elsewhere);
    for (const role of ["nobody", "Member", "elsewhere", "member\0", "%", ""]) {
      const user = { email: "kim@example.com", roles: ["member", role] };
      const error = await refused(
        "invalid_input",
        () => workspace.createOrganizationUser(environmentId, organizationId, user),
      );
      assertMatch(error.message, /admin, member/);
    }
    const rows = [
      { row: 1, user: { email: "kim@example.com", roles: ["nobody"] } },
      { row: 2, user: { email: "kim@example.com", roles: ["member"] } },
    ];
    const [first, second] = await workspace.importOrganizationUsers(
      environmentId,
      organizationId,
      rows,
    );
    assert("error" in first!);
    assertEquals(first.error.code, "invalid_input");
    assert("user" in second!);
    assertEquals(second.user.roles, ["member"]);
  });

  scene(
    "deleteEnvironmentRole() leaves no membership and no default without a role",
    async (scene) => {
      const { workspace, environmentId, organizationId } = scene;
      const role = { name: "old", displayName: "Old", defaultMember: true };
      await workspace.createEnvironmentRole(environmentId, role);
      const created = async (email: string, roles: string[]) =>
        (await workspace.createOrganizationUser(environmentId, organizationId, { email, roles }))
          .id;
      await created("a@example.com", ["billing", "old"]);
      await created("b@example.com", ["old", "admin"]);
      await created("c@example.com", ["member"]);
      const before = (await workspace.getEnvironmentRole(environmentId, "old")).membershipCount;
      assertEquals(before, 2);
      await refused("conflict", () => workspace.deleteEnvironmentRole(environmentId, "old"));
      const deleteWith = (replacement: string) =>
        workspace.deleteEnvironmentRole(environmentId, "old", replacement);
      await refused("not_found", () => deleteWith("nobody"));
      await refused("invalid_input", () => deleteWith("old"));
      const deleted = await deleteWith("admin");
      assertEquals([deleted.role.name, deleted.changedMemberships], ["old", 2]);
      assertFalse("membershipCount" in deleted.role);
      const { items } = await workspace.listOrganizationUsers(environmentId, organizationId, {
        pageSize: 10,
      });
      assertEquals(items.map(({ roles }) => roles), [["member"], ["admin"], ["billing", "admin"]]);
      assert((await workspace.getEnvironmentRole(environmentId, "admin")).defaultMember);
      await refused("not_found", () => workspace.getEnvironmentRole(environmentId, "old"));
      await refused("not_found", () => deleteWith("admin"));
    },
  );

  scene(
    "updateEnvironmentRole() and updateEnvironmentScope() change what is named",
    async (scene) => {
      const { workspace, environmentId, otherEnvironmentId } = scene;
      const admin = await workspace.getEnvironmentRole(environmentId, "admin");
      const { membershipCount: _, updateTime: __, ...before } = admin;
      const { updateTime: ___, ...after } = await workspace
        .updateEnvironmentRole(environmentId, "admin", { displayName: "Owner" });
      assertEquals(after, { ...before, displayName: "Owner" });
      const scope = { name: "a:b", description: "first" };
      await workspace.createEnvironmentScope(environmentId, scope);
      const updated = await workspace.updateEnvironmentScope(environmentId, "a:b", {
        enabled: false,
      });
      assertEquals([updated.enabled, updated.description], [false, "first"]);
      assertEquals(await workspace.getEnvironmentScope(environmentId, "a:b"), updated);
      const elsewhere = () => workspace.updateEnvironmentScope(otherEnvironmentId, "a:b", {});
      await refused("not_found", elsewhere);
      const bad = { displayName: "half \ud83d pair" };
      await refused(
        "invalid_input",
        () => workspace.updateEnvironmentRole(environmentId, "admin", bad),
      );
    },
  );

  scene("deleteEnvironmentScope() deletes one scope of one environment", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    for (const id of [environmentId, otherEnvironmentId]) {
      await workspace.createEnvironmentScope(id, { name: "a:b" });
      await refused("conflict", () => workspace.createEnvironmentScope(id, { name: "a:b" }));
    }
    await workspace.createEnvironmentScope(environmentId, { name: "A:b" });
    const deleted = await workspace.deleteEnvironmentScope(environmentId, "a:b");
    assertMatch(deleted.id, /^scp_[A-Za-z0-9]{1,28}$/);
    await refused("not_found", () => workspace.deleteEnvironmentScope(environmentId, "a:b"));
    await refused("not_found", () => workspace.getEnvironmentScope("env_unknown", "a:b"));
    await workspace.getEnvironmentScope(environmentId, "A:b");
    await workspace.getEnvironmentScope(otherEnvironmentId, "a:b");
  });
}
