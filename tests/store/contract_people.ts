/** The contract of the Workspace interface, part: the people of an environment, across its organizations. */

import { assert, assertEquals } from "@std/assert";
import { everyItem, refused, type RegisterScene, type Scene } from "./contract_scene.ts";

type Joins = Pick<Scene, "workspace" | "environmentId">;

export const page = { pageSize: 100 };

/** Adds a person in the role member, and returns their id. */
export async function join(
  { workspace, environmentId }: Joins,
  organizationId: string,
  email: string,
  externalId?: string,
) {
  const user = { email, externalId, roles: ["member"] };
  return (await workspace.createOrganizationUser(environmentId, organizationId, user)).id;
}

/** An organization beside the one of the scene. */
export async function second({ workspace, environmentId }: Joins): Promise<string> {
  return (await workspace.createOrganization(environmentId, { displayName: "Second" })).id;
}

export function describePeople(scene: RegisterScene): void {
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
