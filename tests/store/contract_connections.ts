/** The contract of the Workspace interface, part: connections. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { NewConnection } from "../../store/workspace/connections.ts";
import { everyItem, refused, type RegisterScene, type Scene } from "./contract_scene.ts";

const OIDC = {
  provider: "OKTA",
  type: "OIDC",
  settings: { issuer: "https://idp.scene.example", clientId: "gatehouse" },
} as const;

function add({ workspace, environmentId }: Scene, changes: Partial<NewConnection> = {}) {
  return workspace.createConnection(environmentId, { ...OIDC, ...changes });
}

export function describeConnections(scene: RegisterScene): void {
  scene("createConnection() stores what it is given, and enables nothing", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const input = {
      organizationId,
      provider: "CUSTOM",
      providerKey: "ACME_ID",
      keyId: "scene-acme",
      type: "SAML",
      domains: ["scene.example", "a.scene.example"],
      settings: { metadataUrl: "https://idp.scene.example/metadata?app=1" },
    } as const;
    const created = await workspace.createConnection(environmentId, input);
    const { id, createTime, updateTime, ...rest } = created;
    assertMatch(id, /^conn_[A-Za-z0-9]{1,28}$/);
    assertEquals(createTime, updateTime);
    assertEquals(rest, {
      ...input,
      environmentId,
      organizationName: "Scene",
      status: "COMPLETED",
      enabled: false,
    });
    assertEquals(await workspace.getConnection(environmentId, id), created);
  });

  scene(
    "createConnection() leaves out what it was not given, and makes up a key",
    async (scene) => {
      const created = await add(scene, { provider: "MICROSOFT_AD", settings: {} });
      for (const name of ["organizationId", "organizationName", "providerKey"]) {
        assert(!(name in created), name);
      }
      assertMatch(created.keyId, /^microsoft-ad-[0-9a-z]{8}$/);
      assertEquals([created.domains, created.settings, created.status], [[], {}, "DRAFT"]);
    },
  );

  scene("createConnection() refuses a taken key id or domain and adds nothing", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const taken = { keyId: "scene-taken", domains: ["taken.scene.example"] };
    await add(scene, taken);
    const { totalSize } = await workspace.listConnections(environmentId, { pageSize: 1 });
    await refused("conflict", () => add(scene, { keyId: taken.keyId }));
    const error = await refused(
      "conflict",
      () => add(scene, { domains: ["free.scene.example", ...taken.domains] }),
    );
    assertStringIncludes(error.message, "taken.scene.example");
    const after = await workspace.listConnections(environmentId, { pageSize: 1 });
    assertEquals(after.totalSize, totalSize);
    // What was refused holds none of the domains that it would have got.
    await add(scene, { domains: ["free.scene.example"] });
    await add({ ...scene, environmentId: otherEnvironmentId }, taken);
  });

  scene("a connection takes no setting of another type", async (scene) => {
    const { workspace, environmentId } = scene;
    const metadataUrl = "https://idp.scene.example/metadata";
    await refused("invalid_input", () => add(scene, { settings: { metadataUrl } }));
    const { id } = await add(scene);
    await refused(
      "invalid_input",
      () => workspace.updateConnection(environmentId, id, { settings: { metadataUrl } }),
    );
    await refused("invalid_input", () => add(scene, { type: "PASSWORD" }));
  });

  scene("a connection is complete once its settings are, and enabled not before", async (scene) => {
    const { workspace, environmentId } = scene;
    const { id, status } = await add(scene, { settings: {} });
    assertEquals(status, "DRAFT");
    const enable = () => workspace.setConnectionEnabled(environmentId, id, true);
    const error = await refused("conflict", enable);
    assertStringIncludes(error.message, "issuer and clientId");
    const set = (settings: NewConnection["settings"]) =>
      workspace.updateConnection(environmentId, id, { settings });
    assertEquals((await set({ clientId: "gatehouse" })).status, "IN_PROGRESS");
    await refused("conflict", enable);
    const complete = await set({ issuer: "https://idp.scene.example", clientId: undefined });
    assertEquals([complete.status, complete.enabled], ["COMPLETED", false]);
    assertEquals(complete.settings, { issuer: "https://idp.scene.example", clientId: "gatehouse" });
    assertEquals((await enable()).enabled, true);
  });

  scene("setConnectionEnabled() changes nothing where it is so already", async (scene) => {
    const { workspace, environmentId } = scene;
    const { id } = await add(scene);
    for (const enabled of [true, false]) {
      const changed = await workspace.setConnectionEnabled(environmentId, id, enabled);
      assertEquals(changed.enabled, enabled);
      assertEquals(await workspace.setConnectionEnabled(environmentId, id, enabled), changed);
      assertEquals(await workspace.getConnection(environmentId, id), changed);
    }
  });

  scene("a connection is switched by its owner alone", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const other = await workspace.createOrganization(environmentId, { displayName: "Other" });
    const own = await add(scene, { organizationId });
    const shared = await add(scene);
    const enable = (id: string, owner?: string) =>
      workspace.setConnectionEnabled(environmentId, id, true, owner);
    await refused("conflict", () => enable(own.id));
    await refused("not_found", () => enable(own.id, other.id));
    await refused("not_found", () => enable(shared.id, organizationId));
    await refused("not_found", () => enable(shared.id, "org_unknown"));
    for (const { id } of [own, shared]) {
      assertEquals((await workspace.getConnection(environmentId, id)).enabled, false);
    }
    assertEquals((await enable(own.id, organizationId)).enabled, true);
    assertEquals((await enable(shared.id)).enabled, true);
  });

  scene("updateConnection() leaves an enabled one alone", async (scene) => {
    const { workspace, environmentId } = scene;
    const { id } = await add(scene, { domains: ["scene.example"] });
    const enabled = await workspace.setConnectionEnabled(environmentId, id, true);
    for (
      const changes of [
        { domains: [] },
        { settings: { issuer: "https://evil.example" } },
        {},
      ]
    ) {
      await refused("conflict", () => workspace.updateConnection(environmentId, id, changes));
    }
    assertEquals(await workspace.getConnection(environmentId, id), enabled);
  });

  scene("updateConnection() gives up the domains that it replaces", async (scene) => {
    const { workspace, environmentId } = scene;
    const first = await add(scene, { domains: ["a.scene.example", "b.scene.example"] });
    const second = await add(scene, { domains: ["c.scene.example"] });
    const update = (id: string, ...domains: string[]) =>
      workspace.updateConnection(environmentId, id, { domains });
    await refused("conflict", () => update(first.id, "c.scene.example"));
    assertEquals(await workspace.getConnection(environmentId, first.id), first);
    const changed = await update(first.id, "b.scene.example");
    assertEquals([changed.domains, changed.settings], [["b.scene.example"], OIDC.settings]);
    await update(second.id, "a.scene.example", "c.scene.example");
  });

  scene("deleteConnection() takes its accounts, domains and key with it", async (scene) => {
    const { workspace, environmentId } = scene;
    const input = {
      type: "OAUTH",
      provider: "GITHUB",
      keyId: "scene-github",
      domains: ["scene.example"],
      settings: { clientId: "x" },
    } as const;
    const { id } = await add(scene, input);
    const enabled = await workspace.setConnectionEnabled(environmentId, id, true);
    const link = await workspace.createConnectedAccountMagicLink(environmentId, {
      identifier: "ada",
      connector: "scene-github",
    });
    const use = await workspace.getConnectionUse(environmentId, id);
    assertEquals(use.connectedAccounts, 1);
    assertEquals(await workspace.deleteConnection(environmentId, id), enabled);
    await refused("not_found", () => workspace.getConnection(environmentId, id));
    await refused("not_found", () => workspace.deleteConnection(environmentId, id));
    await refused(
      "not_found",
      () => workspace.getConnectedAccount(environmentId, link.account.id),
    );
    await add(scene, input);
  });

  scene("getConnectionUse() counts those who may sign in through it", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const own = await add(scene, { organizationId });
    const shared = await add(scene);
    const before = await workspace.getConnectionUse(environmentId, shared.id);
    await workspace.createOrganizationUser(environmentId, organizationId, {
      email: "use@scene.example",
      roles: [],
    });
    assertEquals(await workspace.getConnectionUse(environmentId, own.id), {
      users: 1,
      connectedAccounts: 0,
    });
    const after = await workspace.getConnectionUse(environmentId, shared.id);
    assertEquals(after.users, before.users + 1);
  });

  scene("listConnections() tells an environment's from an organization's", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    const made = [];
    for (let n = 0; n < 3; n++) made.push(await add(scene, { organizationId }));
    const shared = await add(scene);
    const own = await everyItem((pageToken) =>
      workspace.listConnections(environmentId, { pageSize: 2, pageToken, organizationId })
    );
    assertEquals(own, made.toReversed());
    const all = await everyItem((pageToken) =>
      workspace.listConnections(environmentId, { pageSize: 3, pageToken })
    );
    assertEquals(all.slice(0, 4), [shared, ...made.toReversed()]);
    const others = await everyItem((pageToken) =>
      workspace.listConnections(otherEnvironmentId, { pageSize: 100, pageToken })
    );
    assertEquals(others.filter(({ id }) => all.some((one) => one.id === id)), []);
    const page = await workspace.listConnections(environmentId, { pageSize: 1 });
    const { nextPageToken: pageToken } = page;
    await refused(
      "invalid_input",
      () => workspace.listConnections(environmentId, { pageSize: 1, pageToken, organizationId }),
    );
  });

  scene("a connection of another environment is not found", async (scene) => {
    const { workspace, organizationId, otherEnvironmentId } = scene;
    const created = await add(scene);
    const { id } = created;
    const calls: ((environmentId: string) => Promise<unknown>)[] = [
      (env) => workspace.getConnection(env, id),
      (env) => workspace.getConnectionUse(env, id),
      (env) => workspace.updateConnection(env, id, { domains: [] }),
      (env) => workspace.setConnectionEnabled(env, id, true),
      (env) => workspace.deleteConnection(env, id),
      (env) => workspace.listConnections(env, { pageSize: 1, organizationId }),
      (env) => workspace.createConnection(env, { ...OIDC, organizationId }),
    ];
    for (const call of calls) {
      await refused("not_found", () => call(otherEnvironmentId));
      await refused("not_found", () => call("env_unknown"));
    }
    await refused("not_found", () => workspace.listConnections("env_unknown", { pageSize: 1 }));
    assertEquals(await workspace.getConnection(scene.environmentId, id), created);
  });

  scene("of connections that claim a domain at once one gets it", async (scene) => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => add(scene, { domains: ["race.scene.example"] })),
    );
    assertEquals(attempts.filter(({ status }) => status === "fulfilled").length, 1);
  });
}
