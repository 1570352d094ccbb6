/** The contract of the Workspace interface, part: how organizations, users and members change and end. */

import { assert, assertEquals } from "@std/assert";
import { everyItem, refused, type RegisterScene, type Scene } from "./contract_scene.ts";

type Joins = Pick<Scene, "workspace" | "environmentId">;

const page = { pageSize: 100 };

async function join(
  { workspace, environmentId }: Joins,
  organizationId: string,
  email: string,
  externalId?: string,
) {
  const user = { email, externalId, roles: ["member"] };
  return (await workspace.createOrganizationUser(environmentId, organizationId, user)).id;
}

/** An organization beside the one of the scene. */
async function second({ workspace, environmentId }: Joins): Promise<string> {
  return (await workspace.createOrganization(environmentId, { displayName: "Second" })).id;
}

export function describeLifecycle(scene: RegisterScene): void {
  describeOrganizations(scene);
  describePeople(scene);
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
      assertEquals(contents, { users: 2, usersOfNoOther: 1 });
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

function describePeople(scene: RegisterScene): void {
  scene("listUsers() lists each person once, and finds them", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    const other = await second(scene);
    const kim = await join(scene, organizationId, "kim_1@example.com", "HR-1");
    await join(scene, other, "kim_1@example.com");
    const lee = await join(scene, organizationId, "leekim@example.com");
    const search = async (text?: string, environment = environmentId) =>
      (await everyItem((pageToken) =>
        workspace.listUsers(environment, { pageSize: 1, pageToken, search: text })
      )).map(({ id }) => id);
    assertEquals((await search()).slice(0, 2), [lee, kim]);
    assertEquals(await search("KIM"), [lee, kim]);
    for (const text of ["kim_1@", "HR-1", kim]) assertEquals(await search(text), [kim], text);
    for (const text of ["HR", "%", "\0", "half \ud83d"]) assertEquals(await search(text), [], text);
    assertEquals(await search("leekim", otherEnvironmentId), []);
    await refused("not_found", () => workspace.listUsers("env_unknown", page));
  });

  scene("getUser() has every organization of a user", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    const other = await second(scene);
    const id = await join(scene, organizationId, "kim@example.com");
    await join(scene, other, "kim@example.com");
    const user = await workspace.getUser(environmentId, id);
    assertEquals([user.id, user.email, user.membershipCount], [id, "kim@example.com", 2]);
    assertEquals(
      user.memberships.map(({ organizationName, roles }) => [organizationName, ...roles]),
      [["Second", "member"], ["Scene", "member"]],
    );
    await refused("not_found", () => workspace.getUser(otherEnvironmentId, id));
    await refused("not_found", () => workspace.getUser("env_unknown", id));
  });

  scene("updateUser() changes what every organization sees", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    const id = await join(scene, organizationId, "kim@example.com", "hr-1");
    await join(scene, organizationId, "lee@example.com", "hr-2");
    const update = (changes: Parameters<typeof workspace.updateUser>[2], environment?: string) =>
      workspace.updateUser(environment ?? environmentId, id, changes);
    const changed = await update({ givenName: "Kim", familyName: "Ó", externalId: "hr-9" });
    assertEquals([changed.givenName, changed.familyName, changed.externalId], ["Kim", "Ó", "hr-9"]);
    assertEquals((await update({ familyName: null })).givenName, "Kim");
    await refused("conflict", () => update({ externalId: "hr-2", givenName: "Lee" }));
    await refused("not_found", () => update({ givenName: "X" }, otherEnvironmentId));
    await refused("invalid_input", () => update({ givenName: "nul\0" }));
    const user = await workspace.getOrganizationUser(environmentId, organizationId, id);
    assertEquals([user.givenName, user.familyName, user.externalId], ["Kim", undefined, "hr-9"]);
    assert(!("externalId" in await update({ externalId: null })));
  });

  scene("setOrganizationUserRoles() changes the roles in one organization", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    const other = await second(scene);
    const id = await join(scene, organizationId, "kim@example.com");
    await join(scene, other, "kim@example.com");
    const roles = ["admin", "billing"];
    const set = (environment: string, organization: string, user: string) =>
      workspace.setOrganizationUserRoles(environment, organization, user, roles);
    assertEquals((await set(environmentId, organizationId, id)).roles, roles);
    const { memberships } = await workspace.getUser(environmentId, id);
    assertEquals(memberships.map((membership) => membership.roles), [["member"], roles]);
    const stranger = await join(scene, other, "lee@example.com");
    await refused("not_found", () => set(environmentId, organizationId, stranger));
    await refused("not_found", () => set(otherEnvironmentId, organizationId, id));
    await refused("not_found", () => set(environmentId, "org_unknown", id));
  });

  scene(
    "removeOrganizationUser() ends one membership, and with the last the user",
    async (scene) => {
      const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
      const other = await second(scene);
      const id = await join(scene, organizationId, "kim@example.com", "hr-1");
      await join(scene, other, "kim@example.com");
      const remove = (organization: string, environment = environmentId) =>
        workspace.removeOrganizationUser(environment, organization, id);
      await refused("not_found", () => remove(organizationId, otherEnvironmentId));
      const first = await remove(organizationId);
      assertEquals([first.user.id, first.user.organizationId, first.deleted], [
        id,
        organizationId,
        false,
      ]);
      await refused("not_found", () => remove(organizationId));
      assertEquals((await workspace.getUser(environmentId, id)).membershipCount, 1);
      assertEquals((await remove(other)).deleted, true);
      await refused("not_found", () => workspace.getUser(environmentId, id));
      await refused("not_found", () => workspace.getOrganizationUser(environmentId, other, id));
      await join(scene, organizationId, "new@example.com", "hr-1");
    },
  );

  scene("a person who joins and leaves at once is there or not, whole", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const other = await second(scene);
    const id = await join(scene, organizationId, "kim@example.com");
    const calls = [
      workspace.removeOrganizationUser(environmentId, organizationId, id),
      join(scene, other, "kim@example.com"),
    ];
    for (const { status } of await Promise.allSettled(calls)) assertEquals(status, "fulfilled");
    const { items } = await workspace.listUsers(environmentId, { ...page, search: "kim@" });
    assertEquals(items.length, 1);
    assertEquals((await workspace.getUser(environmentId, items[0]!.id)).membershipCount, 1);
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
