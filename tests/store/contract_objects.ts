/** The contract of the Workspace interface, part: environments, organizations and members. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Workspace } from "../../store/workspace.ts";
import { everyItem, refused, type RegisterScene } from "./contract_scene.ts";

export function describeObjects(scene: RegisterScene): void {
  scene("listEnvironments() and getEnvironment() agree", async ({ workspace }) => {
    const environments = await everyItem((pageToken) =>
      workspace.listEnvironments({ pageSize: 1, pageToken })
    );
    assertEquals(environments.map(({ type }) => type), ["DEV", "PRD"]);
    for (const environment of environments) {
      assertMatch(environment.id, /^env_[A-Za-z0-9]{1,28}$/);
      assertEquals(await workspace.getEnvironment(environment.id), environment);
    }
  });

  scene("getEnvironment() refuses an unknown id", async ({ workspace }) => {
    await refused("not_found", () => workspace.getEnvironment("env_unknown"));
  });

  scene("createOrganization() stores what it is given", async ({ workspace, environmentId }) => {
    const input = {
      displayName: "Åse & Söhne 株式会社 🚀",
      externalId: "crm-1",
      metadata: { plan: "ü" },
    };
    const created = await workspace.createOrganization(environmentId, input);
    assertMatch(created.id, /^org_[A-Za-z0-9]{1,28}$/);
    const { displayName, externalId, metadata } = created;
    assertEquals({ displayName, externalId, metadata }, input);
    assertEquals(created.environmentId, environmentId);
    assertEquals(created.createTime, created.updateTime);
    assertEquals(await workspace.getOrganization(environmentId, created.id), created);
  });

  scene(
    "createOrganization() leaves out what it was not given",
    async ({ workspace, environmentId }) => {
      const created = await workspace.createOrganization(environmentId, { displayName: "Plain" });
      assert(!("externalId" in created));
      assertEquals(created.metadata, {});
      assert(created.settings.features.every(({ enabled }) => !enabled));
    },
  );

  scene("createOrganization() refuses a taken external id", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const input = { displayName: "First", externalId: "taken" };
    await workspace.createOrganization(environmentId, input);
    await refused("conflict", () => workspace.createOrganization(environmentId, input));
    await workspace.createOrganization(otherEnvironmentId, input);
    const { totalSize } = await workspace.listOrganizations(environmentId, {
      pageSize: 10,
      search: "taken",
    });
    assertEquals(totalSize, 1);
  });

  scene("createOrganization() refuses text that a database would change", async (scene) => {
    const { workspace, environmentId } = scene;
    for (const displayName of ["cut\0off", "half \ud83d pair"]) {
      await refused(
        "invalid_input",
        () => workspace.createOrganization(environmentId, { displayName }),
      );
    }
  });

  scene("text that no database can hold is found nowhere", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    for (const text of ["\0", `${organizationId}\0`, "half \ud83d pair"]) {
      await refused("not_found", () => workspace.getEnvironment(text));
      await refused("not_found", () => workspace.getOrganization(environmentId, text));
      await refused("not_found", () => workspace.getOrganization(text, organizationId));
      await refused(
        "not_found",
        () => workspace.updateOrganizationSettings(environmentId, text, []),
      );
      const found = await workspace.listOrganizations(environmentId, { pageSize: 1, search: text });
      assertEquals(found, { items: [], totalSize: 0 });
    }
  });

  scene("SQL in values is data", async ({ workspace, environmentId }) => {
    const hostile = `'); DROP TABLE organizations; -- " \\ \${x} ?1 :id $1 `;
    const created = await workspace.createOrganization(environmentId, {
      displayName: hostile,
      externalId: hostile,
      metadata: { [hostile]: hostile, __proto__x: "kept" },
    });
    assertEquals(await workspace.getOrganization(environmentId, created.id), created);
    assertEquals(created.displayName, hostile);
    const found = await workspace.listOrganizations(environmentId, {
      pageSize: 10,
      search: hostile,
    });
    assertEquals(found.items.map(({ id }) => id), [created.id]);
    await refused("not_found", () => workspace.getOrganization(environmentId, hostile));
    await refused("not_found", () => workspace.getEnvironment("' OR 1=1 --"));
  });

  scene("an organization of another environment is not found", async (scene) => {
    const { workspace, otherEnvironmentId, organizationId } = scene;
    const user = { email: "a@b.example", roles: [] };
    const page = { pageSize: 10 };
    const calls: Record<string, (environmentId: string) => Promise<unknown>> = {
      get: (env) => workspace.getOrganization(env, organizationId),
      settings: (env) => workspace.updateOrganizationSettings(env, organizationId, []),
      users: (env) => workspace.listOrganizationUsers(env, organizationId, page),
      create: (env) => workspace.createOrganizationUser(env, organizationId, user),
      import: (env) => workspace.importOrganizationUsers(env, organizationId, [{ row: 1, user }]),
    };
    for (const call of Object.values(calls)) {
      await refused("not_found", () => call(otherEnvironmentId));
      await refused("not_found", () => call("env_unknown"));
    }
    const { totalSize } = await workspace.listOrganizationUsers(
      scene.environmentId,
      organizationId,
      page,
    );
    assertEquals(totalSize, 0);
  });

  scene("an unknown environment has no organizations", async ({ workspace }) => {
    await refused("not_found", () => workspace.listOrganizations("env_unknown", { pageSize: 10 }));
    await refused(
      "not_found",
      () => workspace.createOrganization("env_unknown", { displayName: "Lost" }),
    );
  });

  scene("updateOrganizationSettings() leaves other features as they are", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const update = (...features: Parameters<Workspace["updateOrganizationSettings"]>[2]) =>
      workspace.updateOrganizationSettings(environmentId, organizationId, features);
    await update({ name: "sso", enabled: true });
    await update({ name: "dir_sync", enabled: true });
    const updated = await update({ name: "sso", enabled: false });
    const features = Object.fromEntries(
      updated.settings.features.map(({ name, enabled }) => [name, enabled]),
    );
    assertEquals(features, { sso: false, dir_sync: true });
    assertEquals(await workspace.getOrganization(environmentId, organizationId), updated);
  });

  scene("inviteWorkspaceMember() adds a pending member once", async ({ workspace }) => {
    const email = "New.Person@Example.com";
    const invited = await workspace.inviteWorkspaceMember({ email, role: "USER" });
    assertMatch(invited.id, /^mem_[A-Za-z0-9]{1,28}$/);
    assertEquals([invited.email, invited.role, invited.status], [email, "USER", "PENDING_INVITE"]);
    await refused(
      "conflict",
      () => workspace.inviteWorkspaceMember({ email: email.toUpperCase(), role: "ADMIN" }),
    );
    const members = await everyItem((pageToken) =>
      workspace.listWorkspaceMembers({ pageSize: 2, pageToken })
    );
    assertEquals(members.at(-1), invited);
    assertEquals(members.filter((member) => member.email === email).length, 1);
  });
}
