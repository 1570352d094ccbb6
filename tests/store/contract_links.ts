/** The contract of the Workspace interface, part: admin portal links, connected accounts and their magic links. */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import {
  MAX_PORTAL_LINKS,
  PORTAL_LINK_LIFETIME,
} from "../../store/workspace/admin_portal_links.ts";
import { MAGIC_LINK_LIFETIME } from "../../store/workspace/connected_accounts.ts";
import { everyItem, refused, type RegisterScene, type Scene } from "./contract_scene.ts";

function lifetimeOf(from: string | number, { expireTime }: { expireTime: string }): number {
  return Math.round((Date.parse(expireTime) - new Date(from).getTime()) / 1000);
}

async function addConnector({ workspace, environmentId }: Scene, keyId: string): Promise<string> {
  const { id } = await workspace.createConnection(environmentId, {
    keyId,
    provider: "CUSTOM",
    providerKey: "SCENE",
    type: "API_KEY",
  });
  await workspace.setConnectionEnabled(environmentId, id, true);
  return id;
}

export function describeLinks(scene: RegisterScene): void {
  describePortalLinks(scene);
  describeAccounts(scene);
}

function describePortalLinks(scene: RegisterScene): void {
  scene("createAdminPortalLink() shows its secret once", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const { domain } = await workspace.getEnvironment(environmentId);
    const { location, ...link } = await workspace.createAdminPortalLink(
      environmentId,
      organizationId,
      { features: ["sso"] },
    );
    assertMatch(link.id, /^lnk_[A-Za-z0-9]{1,28}$/);
    assert(location.startsWith(`https://${domain}/`), location);
    // 256 bits in base64url.
    assertMatch(location, /\/[\w-]{43}$/);
    assertEquals([link.organizationId, link.features], [organizationId, ["sso"]]);
    assertEquals(lifetimeOf(link.createTime, link), PORTAL_LINK_LIFETIME.default);
    const listed = await workspace.listAdminPortalLinks(environmentId, organizationId);
    assertEquals(listed, [link]);
  });

  scene("every admin portal link has a secret and a life of its own", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const create = (lifetimeSeconds: number) =>
      workspace.createAdminPortalLink(environmentId, organizationId, {
        features: ["sso", "dir_sync"],
        lifetimeSeconds,
      });
    const [short, long] = [await create(300), await create(600)];
    assertNotEquals(short.location, long.location);
    assertEquals(lifetimeOf(short.createTime, short), 300);
    assertEquals(lifetimeOf(long.createTime, long), 600);
    // One that is over counts no more.
    await create(0);
    const listed = await workspace.listAdminPortalLinks(environmentId, organizationId);
    assertEquals(listed.map(({ id }) => id), [short.id, long.id]);
    const revoked = await workspace.revokeAdminPortalLinks(environmentId, organizationId);
    assertEquals(revoked.map(({ id }) => id).sort(), [short.id, long.id]);
    assertEquals(await workspace.listAdminPortalLinks(environmentId, organizationId), []);
    assertEquals(await workspace.revokeAdminPortalLinks(environmentId, organizationId), []);
  });

  scene("an organization has no more than so many open links, also in a race", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const create = () =>
      workspace.createAdminPortalLink(environmentId, organizationId, { features: ["sso"] });
    const attempts = await Promise.allSettled(
      Array.from({ length: MAX_PORTAL_LINKS + 3 }, create),
    );
    assertEquals(
      attempts.filter(({ status }) => status === "fulfilled").length,
      MAX_PORTAL_LINKS,
    );
    await refused("conflict", create);
    const other = await workspace.createOrganization(environmentId, { displayName: "Other" });
    await workspace.createAdminPortalLink(environmentId, other.id, { features: ["sso"] });
    await workspace.revokeAdminPortalLinks(environmentId, organizationId);
    await create();
    assertEquals((await workspace.listAdminPortalLinks(environmentId, other.id)).length, 1);
  });

  scene("links of another environment's organization cannot be reached", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    await workspace.createAdminPortalLink(environmentId, organizationId, { features: ["sso"] });
    for (const env of [otherEnvironmentId, "env_unknown"]) {
      const create = { features: ["sso"] } as const;
      await refused(
        "not_found",
        () => workspace.createAdminPortalLink(env, organizationId, create),
      );
      await refused("not_found", () => workspace.listAdminPortalLinks(env, organizationId));
      await refused("not_found", () => workspace.revokeAdminPortalLinks(env, organizationId));
    }
    const listed = await workspace.listAdminPortalLinks(environmentId, organizationId);
    assertEquals(listed.length, 1);
  });
}

function describeAccounts(scene: RegisterScene): void {
  scene("createConnectedAccountMagicLink() adds an account that waits", async (scene) => {
    const { workspace, environmentId } = scene;
    const connectionId = await addConnector(scene, "scene");
    const before = Date.now();
    const { location, account, expireTime } = await workspace.createConnectedAccountMagicLink(
      environmentId,
      { identifier: "Ädä@scene.example", connector: "scene" },
    );
    const { id, createTime, updateTime, ...rest } = account;
    assertMatch(id, /^ca_[A-Za-z0-9]{1,28}$/);
    assertMatch(location, /^https:\/\/[a-z.-]+\/connect\/[\w-]{43}$/);
    assertEquals(createTime, updateTime);
    assertEquals(rest, {
      environmentId,
      identifier: "Ädä@scene.example",
      provider: "SCENE",
      connector: "scene",
      connectionId,
      status: "PENDING_AUTH",
      authorizationType: "API_KEY",
    });
    assert(Math.abs(lifetimeOf(before, { expireTime }) - MAGIC_LINK_LIFETIME.default) < 60);
    assertEquals(await workspace.getConnectedAccount(environmentId, id), account);
  });

  scene("a further magic link is for the same account", async (scene) => {
    const { workspace, environmentId } = scene;
    await addConnector(scene, "scene");
    const create = (identifier: string, lifetimeSeconds?: number) =>
      workspace.createConnectedAccountMagicLink(environmentId, {
        identifier,
        connector: "scene",
        lifetimeSeconds,
      });
    const links = await Promise.all([create("ada"), create("ada"), create("ada", 60)]);
    assertEquals(new Set(links.map(({ location }) => location)).size, 3);
    for (const { account } of links) assertEquals(account, links[0]!.account);
    // An identifier is the calling program's own, so it is taken letter by letter.
    assertNotEquals((await create("ADA")).account.id, links[0]!.account.id);
    const page = await workspace.listConnectedAccounts(environmentId, {
      pageSize: 10,
      connector: "scene",
    });
    assertEquals(page.totalSize, 2);
  });

  scene("a magic link needs a connector that is enabled and connects accounts", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    const id = await addConnector(scene, "scene");
    await workspace.createConnection(environmentId, {
      keyId: "scene-password",
      provider: "CUSTOM",
      type: "PASSWORD",
    });
    const create = (env: string, connector: string) =>
      workspace.createConnectedAccountMagicLink(env, { identifier: "ada", connector });
    await refused("not_found", () => create(environmentId, "unknown"));
    await refused("not_found", () => create(otherEnvironmentId, "scene"));
    await refused("not_found", () => create("env_unknown", "scene"));
    await refused("conflict", () => create(environmentId, "scene-password"));
    await workspace.setConnectionEnabled(environmentId, id, false);
    await refused("conflict", () => create(environmentId, "scene"));
    const { connectedAccounts } = await workspace.getConnectionUse(environmentId, id);
    assertEquals(connectedAccounts, 0);
  });

  scene("listConnectedAccounts() meets every filter, letter by letter", async (scene) => {
    const { workspace, environmentId } = scene;
    await addConnector(scene, "scene-a");
    await addConnector(scene, "scene-b");
    for (const connector of ["scene-a", "scene-b"]) {
      for (const identifier of ["ada", "grace", "%"]) {
        await workspace.createConnectedAccountMagicLink(environmentId, { identifier, connector });
      }
    }
    const find = async (filter: Record<string, string>) => {
      const items = await everyItem((pageToken) =>
        workspace.listConnectedAccounts(environmentId, { pageSize: 2, pageToken, ...filter })
      );
      return items.map(({ connector, identifier }) => `${connector} ${identifier}`);
    };
    const all = ["b %", "b grace", "b ada", "a %", "a grace", "a ada"].map((it) => `scene-${it}`);
    assertEquals(await find({ provider: "SCENE" }), all);
    assertEquals(await find({ provider: "SCENE", status: "PENDING_AUTH" }), all);
    assertEquals(await find({ provider: "CUSTOM" }), []);
    assertEquals(await find({ provider: "SCENE", status: "ACTIVE" }), []);
    assertEquals(await find({ connector: "scene-a" }), all.slice(3));
    assertEquals(await find({ identifier: "ada" }), ["scene-b ada", "scene-a ada"]);
    assertEquals(await find({ identifier: "%", connector: "scene-b" }), ["scene-b %"]);
    const { nextPageToken: pageToken } = await workspace.listConnectedAccounts(environmentId, {
      pageSize: 1,
      identifier: "ada",
    });
    await refused("invalid_input", () =>
      workspace.listConnectedAccounts(environmentId, {
        pageSize: 1,
        identifier: "grace",
        pageToken,
      }));
    await refused(
      "not_found",
      () => workspace.listConnectedAccounts("env_unknown", { pageSize: 1 }),
    );
  });

  scene("deleteConnectedAccount() deletes one, and none of another environment", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId } = scene;
    await addConnector(scene, "scene");
    const make = async (identifier: string) =>
      (await workspace.createConnectedAccountMagicLink(environmentId, {
        identifier,
        connector: "scene",
      })).account;
    const [account, kept] = [await make("ada"), await make("grace")];
    for (const env of [otherEnvironmentId, "env_unknown"]) {
      await refused("not_found", () => workspace.getConnectedAccount(env, account.id));
      await refused("not_found", () => workspace.deleteConnectedAccount(env, account.id));
    }
    assertEquals(await workspace.deleteConnectedAccount(environmentId, account.id), account);
    await refused("not_found", () => workspace.deleteConnectedAccount(environmentId, account.id));
    assertEquals(await workspace.getConnectedAccount(environmentId, kept.id), kept);
    assertNotEquals((await make("ada")).id, account.id);
  });
}
