/** The contract of the Workspace interface, part: how organizations and workspace members change and end. */

import { assert, assertEquals } from "@std/assert";
import { everyItem, refused, type RegisterScene, type Scene } from "./contract_scene.ts";
import { join, page, second } from "./contract_people.ts";

export function describeLifecycle(scene: RegisterScene): void {
  describeOrganizations(scene);
  describeMembers(scene);
}

function describeOrganizations(scene: RegisterScene): void {
  scene("updateOrganization() changes what is named, and is found by it", async (scene) => {
    const { workspace, environmentId } = scene;
    const { id, updateTime: _, ...before } = await workspace.createOrganization(environmentId, {
      displayName: "Before",
      externalId: "crm-old",
      metadata: { plan: "free" },
    });
    const update = async (changes: Parameters<typeof workspace.updateOrganization>[2]) => {
      const { updateTime, ...after } = await workspace.updateOrganization(
        environmentId,
        id,
        changes,
      );
      assert(updateTime >= before.createTime);
      return after;
    };
    assertEquals(await update({ displayName: "Äfter" }), { ...before, id, displayName: "Äfter" });
    const renamed = { displayName: "Äfter", externalId: "crm-new", metadata: { region: "eu" } };
    assertEquals(await update({ externalId: "crm-new", metadata: { region: "eu" } }), {
      ...before,
      id,
      ...renamed,
    });
    const found = async (search: string) =>
      (await workspace.listOrganizations(environmentId, { ...page, search })).items.length;
    assertEquals([await found("äFTER"), await found("crm-new")], [1, 1]);
    assertEquals([await found("before"), await found("crm-old")], [0, 0]);
    assert(!("externalId" in await update({ externalId: null })));
    assertEquals(await found("crm-new"), 0);
    await refused("invalid_input", () => update({ displayName: "nul\0" }));
  });

  scene("updateOrganization() refuses a taken external id and changes nothing", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    const taken = { displayName: "Holder", externalId: "taken" };
    const holder = await workspace.createOrganization(environmentId, taken);
    const before = await workspace.getOrganization(environmentId, organizationId);
    const change = { displayName: "Thief", externalId: "taken" };
    await refused(
      "conflict",
      () => workspace.updateOrganization(environmentId, organizationId, change),
    );
    assertEquals(await workspace.getOrganization(environmentId, organizationId), before);
    // Its own id is nobody else's.
    await workspace.updateOrganization(environmentId, holder.id, taken);
    const elsewhere = await workspace.createOrganization(otherEnvironmentId, { displayName: "E" });
    await workspace.updateOrganization(otherEnvironmentId, elsewhere.id, { externalId: "taken" });
  });

  scene(
    "deleteOrganization() ends memberships, and users that belong nowhere else",
    async (scene) => {
      const { workspace, environmentId, organizationId } = scene;
      const other = await second(scene);
      const alone = await join(scene, organizationId, "alone@example.com", "hr-1");
      const shared = await join(scene, organizationId, "shared@example.com", "hr-2");
      await join(scene, other, "shared@example.com");
      const bystander = await join(scene, other, "bystander@example.com");

      const contents = await workspace.getOrganizationContents(environmentId, organizationId);
      assertEquals(contents, { users: 2, usersOfNoOther: 1, connections: 0 });
      const before = await workspace.getOrganization(environmentId, organizationId);
      const deleted = await workspace.deleteOrganization(environmentId, organizationId);
      assertEquals(deleted, { organization: before, users: 2, deletedUsers: 1 });

      const gone = [
        () => workspace.getOrganization(environmentId, organizationId),
        () => workspace.deleteOrganization(environmentId, organizationId),
        () => workspace.getOrganizationContents(environmentId, organizationId),
        () => workspace.updateOrganization(environmentId, organizationId, { displayName: "Back" }),
        () => workspace.listOrganizationUsers(environmentId, organizationId, page),
        () => join(scene, organizationId, "late@example.com"),
        () => workspace.getUser(environmentId, alone),
      ];
      for (const call of gone) await refused("not_found", call);
      const kept = await workspace.getUser(environmentId, shared);
      assertEquals([kept.externalId, kept.membershipCount], ["hr-2", 1]);
      assertEquals(kept.memberships.map((membership) => membership.organizationId), [other]);
      await workspace.getUser(environmentId, bystander);
      // What the deleted user had is free again, under another id.
      assert(await join(scene, other, "alone@example.com", "hr-1") !== alone);
    },
  );

  scene("deleteOrganization() takes no more than its own environment's", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    await join(scene, organizationId, "kim@example.com");
    for (const environment of [otherEnvironmentId, "env_unknown"]) {
      await refused("not_found", () => workspace.deleteOrganization(environment, organizationId));
      await refused(
        "not_found",
        () => workspace.updateOrganization(environment, organizationId, { displayName: "X" }),
      );
    }
    const { users } = await workspace.getOrganizationContents(environmentId, organizationId);
    assertEquals(users, 1);
  });

  scene("who joins an organization while it is deleted goes with it, or is told", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const deleting = workspace.deleteOrganization(environmentId, organizationId);
    const joining = Array.from(
      { length: 5 },
      (_, n) => join(scene, organizationId, `late${n}@example.com`),
    );
    const { users, deletedUsers } = await deleting;
    const results = await Promise.allSettled(joining);
    const refusals = results.flatMap((result) =>
      result.status === "rejected" ? [result.reason.code] : []
    );
    assertEquals(refusals, refusals.map(() => "not_found"));
    assertEquals([users, deletedUsers], Array(2).fill(results.length - refusals.length));
    const left = await workspace.listUsers(environmentId, { ...page, search: "late" });
    assertEquals(left.items, []);
  });

  scene("deleteOrganization() ends many users at once", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const rows = Array.from({ length: 2_500 }, (_, n) => ({
      row: n + 1,
      user: { email: `many${n}@example.com`, roles: [] },
    }));
    await workspace.importOrganizationUsers(environmentId, organizationId, rows);
    const { users, deletedUsers } = await workspace.deleteOrganization(
      environmentId,
      organizationId,
    );
    assertEquals([users, deletedUsers], [2_500, 2_500]);
    const left = await workspace.listUsers(environmentId, { pageSize: 1, search: "many" });
    assertEquals(left.totalSize, 0);
  });
}

function describeMembers(scene: RegisterScene): void {
  const everyMember = ({ workspace }: Pick<Scene, "workspace">) =>
    everyItem((pageToken) => workspace.listWorkspaceMembers({ pageSize: 10, pageToken }));

  scene("the last active ADMIN stays one, whoever is invited", async (scene) => {
    const { workspace } = scene;
    const [admin, user] = await everyMember(scene);
    assertEquals([admin!.role, user!.role], ["ADMIN", "USER"]);
    const invited = await workspace.inviteWorkspaceMember({
      email: "next@example.com",
      role: "ADMIN",
    });
    await refused("conflict", () => workspace.removeWorkspaceMember(admin!.id));
    await refused("conflict", () => workspace.updateWorkspaceMember(admin!.id, { role: "USER" }));
    assertEquals(await workspace.getWorkspaceMember(admin!.id), admin);
    const same = await workspace.updateWorkspaceMember(admin!.id, { role: "ADMIN" });
    assertEquals(same.role, "ADMIN");

    assertEquals(await workspace.removeWorkspaceMember(invited.id), invited);
    const promoted = await workspace.updateWorkspaceMember(user!.id, { role: "ADMIN" });
    assertEquals(promoted.role, "ADMIN");
    await workspace.removeWorkspaceMember(admin!.id);
    assertEquals((await everyMember(scene)).map(({ id }) => id), [user!.id]);
    await refused("conflict", () => workspace.removeWorkspaceMember(user!.id));
  });

  scene("two ADMINs cannot remove each other at once", async (scene) => {
    const { workspace } = scene;
    const [admin, user] = await everyMember(scene);
    await workspace.updateWorkspaceMember(user!.id, { role: "ADMIN" });
    const results = await Promise.allSettled([
      workspace.removeWorkspaceMember(admin!.id),
      workspace.updateWorkspaceMember(user!.id, { role: "USER" }),
    ]);
    assertEquals(results.filter(({ status }) => status === "fulfilled").length, 1);
    const admins = (await everyMember(scene)).filter(({ role }) => role === "ADMIN");
    assertEquals(admins.length, 1);
  });

  scene("a removed member is not found, and can be invited again", async (scene) => {
    const { workspace } = scene;
    const [, user] = await everyMember(scene);
    await workspace.removeWorkspaceMember(user!.id);
    const calls = [
      () => workspace.getWorkspaceMember(user!.id),
      () => workspace.updateWorkspaceMember(user!.id, { role: "USER" }),
      () => workspace.removeWorkspaceMember(user!.id),
      () => workspace.getWorkspaceMember("mem_\0"),
    ];
    for (const call of calls) await refused("not_found", call);
    await workspace.inviteWorkspaceMember({ email: user!.email, role: "USER" });
  });
}
