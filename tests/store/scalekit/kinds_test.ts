/** What the Scalekit backend does in its own way: pages over theirs, and the part of the contract that the API lets it keep. */

import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import type { Workspace } from "../../../store/workspace.ts";
import { everyItem, refused } from "../contract_scene.ts";
import { openRemote, type Remote } from "./support.ts";

interface Scene {
  readonly remote: Remote;
  readonly workspace: Workspace;
  readonly environmentId: string;
  readonly organizationId: string;
}

function scene(behaviour: string, run: (scene: Scene) => Promise<void>): void {
  test(`scalekit: ${behaviour}`, async () => {
    const remote = await openRemote();
    try {
      const { workspace, development } = remote;
      const environmentId = development.environment.id;
      const { id } = await workspace.createOrganization(environmentId, { displayName: "Scene" });
      await run({ remote, workspace, environmentId, organizationId: id });
    } finally {
      await remote.close();
    }
  });
}

scene(
  "environments are those of the configuration, and ask the API nothing",
  async ({ remote }) => {
    const { workspace, production } = remote;
    const { id, baseUrl } = production.environment;
    assertEquals(await workspace.getEnvironment(id), {
      id,
      displayName: "Stand-in PRD",
      type: "PRD",
      domain: new URL(baseUrl).host,
    });
    assertEquals((await workspace.listEnvironments({ pageSize: 10 })).totalSize, 2);
    assertEquals(production.requests, []);
  },
);

scene("any page size is served over theirs, and every item comes once", async (scene) => {
  const { workspace, environmentId, remote } = scene;
  for (let n = 0; n < 36; n++) {
    await workspace.createOrganization(environmentId, { displayName: `Paged ${n}` });
    const server = { name: `S${n}`, url: `https://s${n}.example/`, accessTokenExpiry: 60 };
    await workspace.registerMcpServer(environmentId, {
      ...server,
      scopes: [],
      dynamicClientRegistration: false,
      clientIdMetadataDocuments: false,
    });
  }
  for (const pageSize of [1, 7, 10, 13, 30, 31, 37, 100]) {
    const sizes: number[] = [];
    const organizations = await everyItem(async (pageToken) => {
      const page = await workspace.listOrganizations(environmentId, { pageSize, pageToken });
      assertEquals(page.totalSize, 37);
      sizes.push(page.items.length);
      return page;
    });
    assertEquals(organizations.length, 37);
    assert(sizes.slice(0, -1).every((size) => size === pageSize), `${sizes}`);
    assert(sizes.at(-1)! > 0);
    const servers = await everyItem((pageToken) =>
      workspace.listMcpServers(environmentId, { pageSize, pageToken })
    );
    assertEquals(servers.map(({ name }) => name).toReversed(), servers.map((_, n) => `S${n}`));
    const found = await everyItem((pageToken) =>
      workspace.listOrganizations(environmentId, { pageSize, pageToken, search: "paged" })
    );
    assertEquals(found.length, 36);
  }
  // The stand-in refuses sizes that are not documented; none was asked for.
  const refusals = remote.development.requests.filter(({ path }) => /page_size=0\b/.test(path));
  assertEquals(refusals, []);
});

scene("a page goes on where it ended when its last item is deleted meanwhile", async (scene) => {
  const { workspace, environmentId, remote } = scene;
  for (let n = 0; n < 25; n++) {
    await workspace.createOrganization(environmentId, { displayName: `Paged ${n}` });
  }
  for (const pageSize of [3, 10]) {
    const all = await everyItem((pageToken) =>
      workspace.listOrganizations(environmentId, { pageSize: 100, pageToken })
    );
    const first = await workspace.listOrganizations(environmentId, { pageSize });
    const last = first.items.at(-1)!;
    remote.development.state.organizations.delete(last.id);
    const second = await workspace.listOrganizations(environmentId, {
      pageSize,
      pageToken: first.nextPageToken,
    });
    // None is left out, and none comes twice.
    assertEquals(second.items, all.slice(pageSize, 2 * pageSize));
  }
});

scene("a list that has no pages goes on where it ended, too", async (scene) => {
  const { workspace, environmentId, remote } = scene;
  const first = await workspace.listEnvironmentRoles(environmentId, { pageSize: 2 });
  remote.development.state.roles.delete("member");
  const { nextPageToken: pageToken } = first;
  const second = await workspace.listEnvironmentRoles(environmentId, { pageSize: 2, pageToken });
  assertEquals(second.items.map(({ name }) => name), ["billing"]);
});

scene("a page token that they do not take is one that was not issued", async (scene) => {
  const { workspace, environmentId, remote } = scene;
  for (let n = 0; n < 25; n++) {
    await workspace.createOrganization(environmentId, { displayName: `Paged ${n}` });
  }
  const { nextPageToken } = await workspace.listOrganizations(environmentId, { pageSize: 20 });
  remote.development.misbehave({ status: 400, errorCode: "INVALID_PAGE_TOKEN" });
  const error = await refused(
    "invalid_input",
    () => workspace.listOrganizations(environmentId, { pageSize: 20, pageToken: nextPageToken }),
  );
  assertMatch(error.message, /call again without it/);
});

scene(
  "a list that does not end by itself is ended",
  async ({ workspace, environmentId, remote }) => {
    const raw = JSON.stringify({ organizations: [], next_page_token: "again", total_size: 5 });
    remote.development.misbehave({ raw }, 40);
    await refused("unavailable", () => workspace.listOrganizations(environmentId, { pageSize: 5 }));
  },
);

scene("values that are new to us have a safe meaning", async (scene) => {
  const { workspace, environmentId, organizationId, remote } = scene;
  const raw = (value: unknown) => remote.development.misbehave({ raw: JSON.stringify(value) });
  raw({
    connections: [{
      id: "conn_1",
      provider: "TELEPATHY",
      type: "MIND",
      status: "SOON",
      domains: ["a.example", 7],
    }],
  });
  const [connection] = (await workspace.listConnections(environmentId, { pageSize: 1 })).items;
  const { provider, type, status, enabled, keyId, domains } = connection!;
  assertEquals([provider, type, status, enabled], ["CUSTOM", "OTHER", "DRAFT", false]);
  assertEquals([keyId, domains], ["conn_1", ["a.example"]]);
  raw({ connected_accounts: [{ id: "ca_1", status: "NEW", authorization_type: "SMART_FHIR" }] });
  const [account] = (await workspace.listConnectedAccounts(environmentId, { pageSize: 1 })).items;
  assertEquals([account!.status, account!.authorizationType], ["DISCONNECTED", "OTHER"]);
  raw({
    users: [{
      id: "usr_1",
      email: "kim@example.com",
      create_time: "2025-01-06T09:00:00.123456Z",
      memberships: [{ organization_id: organizationId, membership_status: "LIMBO" }],
    }],
    total_size: "1",
  });
  const users = await workspace.listOrganizationUsers(environmentId, organizationId, {
    pageSize: 10,
  });
  const [user] = users.items;
  assertEquals([user!.membershipStatus, user!.roles], ["INACTIVE", []]);
  assertEquals(user!.createTime, "2025-01-06T09:00:00.123Z");
});

scene("credentials that an account or a client holds are not looked at", async (scene) => {
  const { workspace, environmentId, remote } = scene;
  const raw = (value: unknown) => remote.development.misbehave({ raw: JSON.stringify(value) });
  const details = { oauth_token: { access_token: "canary", refresh_token: "canary" } };
  const account = { id: "ca_1", status: "ACTIVE", authorization_details: details };
  raw({ connected_account: { ...account, api_config: { key: "canary" } } });
  const shown = await workspace.getConnectedAccount(environmentId, "ca_1");
  const time = "2025-01-06T09:00:00Z";
  const secret = { id: "sks_1", create_time: time, plain_secret: "canary" };
  raw({ clients: [{ id: "skc_1", client_type: "ENV", create_time: time, secrets: [secret] }] });
  const client = await workspace.getEnvironmentClient(environmentId);
  assertEquals(client.secrets.length, 1);
  assertFalse(JSON.stringify([shown, client]).includes("canary"));
});

scene("updateOrganizationSettings() keeps features that we do not know", async (scene) => {
  const { workspace, environmentId, organizationId, remote } = scene;
  const organization = remote.development.state.organizations.get(organizationId)!;
  organization.features.set("session_policy", true);
  await workspace.updateOrganizationSettings(environmentId, organizationId, [
    { name: "sso", enabled: true },
  ]);
  assertEquals(Object.fromEntries(organization.features), { session_policy: true, sso: true });
});

scene("nobody is written to, and a known person joins as who they are", async (scene) => {
  const { workspace, environmentId, organizationId, remote } = scene;
  const other = await workspace.createOrganization(environmentId, { displayName: "Other" });
  const user = { email: "kim@example.com", roles: ["member"], givenName: "Kim" };
  const first = await workspace.createOrganizationUser(environmentId, organizationId, user);
  const second = await workspace.createOrganizationUser(environmentId, other.id, {
    ...user,
    givenName: "Mallory",
  });
  assertEquals([second.id, second.givenName], [first.id, "Kim"]);
  const joins = remote.development.requests
    .filter(({ method, path }) => method === "POST" && /users/.test(path));
  assertEquals(joins.length, 3);
  assert(joins.every(({ path }) => path.endsWith("?send_invitation_email=false")));
});

scene("an import that the API breaks off says which rows are left", async (scene) => {
  const { workspace, environmentId, organizationId, remote } = scene;
  const rows = [1, 2, 3, 4].map((row) => ({
    row,
    user: { email: `u${row}@example.com`, roles: ["member"] },
  }));
  remote.development.misbehave({ delay: 1, method: "POST" });
  remote.development.misbehave({ status: 500, method: "POST", afterwards: true });
  const results = await workspace.importOrganizationUsers(environmentId, organizationId, rows);
  assertEquals(results.map((result) => "error" in result ? result.error.code : "added"), [
    "added",
    "unavailable",
    "unavailable",
    "unavailable",
  ]);
  assertMatch(JSON.stringify(results[2]), /Not tried/);
  const again = await workspace.importOrganizationUsers(environmentId, organizationId, rows);
  assertEquals(again.map((result) => "error" in result ? result.error.code : "added"), [
    "conflict",
    "conflict",
    "added",
    "added",
  ]);
});

scene("users are found by three characters and more, changed, and never emptied", async (scene) => {
  const { workspace, environmentId, organizationId } = scene;
  const create = async (email: string, externalId: string) =>
    (await workspace.createOrganizationUser(environmentId, organizationId, {
      email,
      externalId,
      roles: ["member"],
    })).id;
  const kim = await create("kim@example.com", "hr-1");
  await create("lee@example.com", "hr-2");
  const find = async (search: string) =>
    (await workspace.listUsers(environmentId, { pageSize: 10, search })).items.map(({ id }) => id);
  assertEquals([await find("KIM"), await find("hr-1"), await find("%%%")], [[kim], [kim], []]);
  for (const search of ["%", "ab", "x".repeat(101)]) {
    await refused("invalid_input", () => find(search));
  }
  const update = (changes: Parameters<Workspace["updateUser"]>[2]) =>
    workspace.updateUser(environmentId, kim, changes);
  const { givenName, externalId } = await update({ givenName: "Kim", externalId: "hr-9" });
  assertEquals([givenName, externalId], ["Kim", "hr-9"]);
  await refused("conflict", () => update({ externalId: "hr-2" }));
  const error = await refused("not_supported", () => update({ givenName: null, familyName: "L" }));
  assertMatch(error.message, /removal of givenName/);
  assertFalse("familyName" in await workspace.getUser(environmentId, kim));
});

scene("a connection goes from a draft to enabled, and away", async (scene) => {
  const { workspace, environmentId, organizationId } = scene;
  for (const owner of [undefined, organizationId]) {
    const input = { provider: "OKTA", type: "OIDC", organizationId: owner } as const;
    const draft = await workspace.createConnection(environmentId, input);
    assertEquals([draft.status, draft.enabled, draft.organizationId], ["DRAFT", false, owner]);
    const set = (settings: Record<string, string>) =>
      workspace.updateConnection(environmentId, draft.id, { settings });
    const settings = { issuer: "https://idp.example", clientId: "gatehouse" };
    assertEquals((await set(settings)).settings, settings);
    await refused("invalid_input", () => set({ metadataUrl: "https://idp.example" }));
    const on = await workspace.setConnectionEnabled(environmentId, draft.id, true, owner);
    assertEquals([on.enabled, on.organizationId], [true, owner]);
    await refused("conflict", () => set({ clientId: "other" }));
    assertEquals(await workspace.deleteConnection(environmentId, draft.id), on);
    await refused("not_found", () => workspace.getConnection(environmentId, draft.id));
  }
});

scene("a portal link and a magic link live as long as they say", async (scene) => {
  const { workspace, environmentId, organizationId } = scene;
  const features = ["sso", "dir_sync"] as const;
  const link = await workspace.createAdminPortalLink(environmentId, organizationId, { features });
  assertMatch(link.location, /^https:\/\//);
  assertEquals([link.organizationId, link.features], [organizationId, features]);
  assert(Date.parse(link.expireTime) > Date.now());
  for (const call of ["listAdminPortalLinks", "revokeAdminPortalLinks"] as const) {
    await refused("not_supported", () => workspace[call](environmentId, organizationId));
    await refused("not_found", () => workspace[call](environmentId, "org_unknown"));
  }
  const { id } = await workspace.createConnection(environmentId, {
    provider: "GITHUB",
    type: "API_KEY",
    keyId: "github",
  });
  await workspace.setConnectionEnabled(environmentId, id, true);
  const who = { identifier: "ada", connector: "github" };
  const magic = await Promise.all(
    [1, 2].map(() => workspace.createConnectedAccountMagicLink(environmentId, who)),
  );
  assertEquals(magic[0]!.account, magic[1]!.account);
  const own = await workspace.listConnectedAccounts(environmentId, { pageSize: 5, ...who });
  assertEquals(own.items, [magic[0]!.account]);
});

scene("roles are renamed, and scopes are left to people", async ({ workspace, environmentId }) => {
  const role = await workspace.updateEnvironmentRole(environmentId, "admin", {
    displayName: "Owner",
    description: "Everything",
  });
  assertEquals([role.displayName, role.description], ["Owner", "Everything"]);
  await refused(
    "not_supported",
    () => workspace.updateEnvironmentRole(environmentId, "admin", { description: "" }),
  );
  const error = await refused(
    "not_supported",
    () => workspace.listEnvironmentScopes(environmentId, { pageSize: 1 }),
  );
  assertMatch(error.message, /dashboard/);
  await refused("not_found", () => workspace.listEnvironmentScopes("env_0", { pageSize: 1 }));
});
