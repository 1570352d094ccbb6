/** The contract of the Workspace interface as tests, run against every backend. */

import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { AppError, type ErrorCode } from "../../errors.ts";
import type { Store } from "../../store/mod.ts";
import type { NewOrganizationUser, Page, Workspace } from "../../store/workspace.ts";

/** What a test works with: the workspace, two of its environments, and an organization made for the test. */
interface Scene {
  readonly workspace: Workspace;
  readonly environmentId: string;
  readonly otherEnvironmentId: string;
  readonly organizationId: string;
}

/** Registers the contract tests; `open` gives each of them a store of its own with at least two environments. */
export function describeWorkspace(name: string, open: () => Promise<Store>): void {
  function scene(behaviour: string, run: (scene: Scene) => Promise<void>): void {
    test(`${name}: ${behaviour}`, async () => {
      const store = await open();
      try {
        const { workspace } = store;
        const { items } = await workspace.listEnvironments({ pageSize: 2 });
        const [environmentId, otherEnvironmentId] = items.map(({ id }) => id) as [string, string];
        const organization = await workspace.createOrganization(environmentId, {
          displayName: "Scene",
        });
        await run({
          workspace,
          environmentId,
          otherEnvironmentId,
          organizationId: organization.id,
        });
      } finally {
        await store.close();
      }
    });
  }

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

  scene(
    "listOrganizations() searches without regard to case and takes wildcards literally",
    async (scene) => {
      const { workspace, environmentId } = scene;
      const names = ["100% Öl_AG", "1000 OLxAG", "bang! Co", "back\\slash"];
      const made = [];
      for (const displayName of names) {
        made.push(
          await workspace.createOrganization(environmentId, {
            displayName,
            externalId: `X-${displayName}`,
          }),
        );
      }
      const search = async (text: string) => {
        const { items, totalSize } = await workspace.listOrganizations(environmentId, {
          pageSize: 100,
          search: text,
        });
        assertEquals(totalSize, items.length);
        return items.map(({ displayName }) => displayName);
      };
      assertEquals(await search("ÖL_ag"), ["100% Öl_AG"]);
      assertEquals(await search("100%"), ["100% Öl_AG"]);
      assertEquals(await search("BANG!"), ["bang! Co"]);
      assertEquals(await search("k\\S"), ["back\\slash"]);
      assertEquals(await search("x-1000"), ["1000 OLxAG"]);
      assertEquals(await search(made[2]!.id.toLowerCase()), ["bang! Co"]);
      assertEquals(await search("%%"), []);
      assert((await search("")).length > names.length);
    },
  );

  scene("listOrganizations() is newest first and stable while rows are added", async (scene) => {
    const { workspace, environmentId } = scene;
    const search = "paged";
    const add = (n: number) =>
      workspace.createOrganization(environmentId, { displayName: `Paged ${n}` });
    const made: string[] = [];
    for (let n = 0; n < 7; n++) made.push((await add(n)).id);

    const sizes: number[] = [];
    const items = await everyItem(async (pageToken) => {
      const page = await workspace.listOrganizations(environmentId, {
        pageSize: 3,
        search,
        pageToken,
      });
      sizes.push(page.totalSize);
      await add(100 + sizes.length);
      return page;
    });
    assertEquals(items.map(({ id }) => id), made.toReversed());
    assertEquals(sizes, [7, 8, 9]);
  });

  scene("a last page that is full has no next page", async ({ workspace, environmentId }) => {
    for (const n of [1, 2]) {
      await workspace.createOrganization(environmentId, { displayName: `Even ${n}` });
    }
    const page = await workspace.listOrganizations(environmentId, { pageSize: 2, search: "even" });
    assertEquals(page.items.length, 2);
    assert(!("nextPageToken" in page));
  });

  scene("a page token of another list or no token at all is refused", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    for (const n of [1, 2]) {
      await workspace.createOrganization(environmentId, { displayName: `Token ${n}` });
    }
    const { nextPageToken } = await workspace.listOrganizations(environmentId, {
      pageSize: 1,
      search: "token",
    });
    assert(nextPageToken !== undefined);

    const lists: Record<string, (pageToken: string) => Promise<unknown>> = {
      environments: (pageToken) => workspace.listEnvironments({ pageSize: 1, pageToken }),
      members: (pageToken) => workspace.listWorkspaceMembers({ pageSize: 1, pageToken }),
      users: (pageToken) =>
        workspace.listOrganizationUsers(environmentId, organizationId, { pageSize: 1, pageToken }),
      "no search": (pageToken) =>
        workspace.listOrganizations(environmentId, { pageSize: 1, pageToken }),
      "other search": (pageToken) =>
        workspace.listOrganizations(environmentId, { pageSize: 1, pageToken, search: "tok" }),
      "other environment": (pageToken) =>
        workspace.listOrganizations(otherEnvironmentId, {
          pageSize: 1,
          pageToken,
          search: "token",
        }),
    };
    const forged = [
      "",
      "../../etc/passwd",
      "not base64!",
      `${nextPageToken}=`,
      ` ${nextPageToken}`,
      `${nextPageToken}${nextPageToken}`,
      nextPageToken.slice(0, -3),
      btoa("null"),
      btoa(JSON.stringify({ v: 1, list: ["organizations"], after: ["org_0"] })).replaceAll("=", ""),
      "A".repeat(1_000_000),
    ];
    for (const list of Object.values(lists)) {
      for (const token of [nextPageToken, ...forged]) {
        const error = await refused("invalid_input", () => list(token));
        assertEquals(
          error.message,
          "The pageToken was not issued for this list; call again without it",
        );
      }
    }
    const next = await workspace.listOrganizations(environmentId, {
      pageSize: 1,
      search: "token",
      pageToken: nextPageToken,
    });
    assertEquals(next.items.map(({ displayName }) => displayName), ["Token 1"]);
  });

  scene("createOrganizationUser() stores what it is given", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const input = {
      email: "Zoë.O'Neil@Example.COM",
      roles: ["admin", "billing"],
      externalId: "hr-7",
      givenName: "Zoë",
      familyName: "O'Neil",
    };
    const user = await workspace.createOrganizationUser(environmentId, organizationId, input);
    const { id, organizationId: _, membershipStatus, createTime, updateTime, ...stored } = user;
    assertEquals(stored, input);
    assertMatch(id, /^usr_[A-Za-z0-9]{1,28}$/);
    assertEquals(membershipStatus, "ACTIVE");
    assertEquals(createTime, updateTime);
    const { items } = await workspace.listOrganizationUsers(environmentId, organizationId, {
      pageSize: 10,
    });
    assertEquals(items, [user]);
  });

  scene("a user who joins a second organization keeps the id", async (scene) => {
    const { workspace, environmentId, otherEnvironmentId, organizationId } = scene;
    const second = await workspace.createOrganization(environmentId, { displayName: "Second" });
    const elsewhere = await workspace.createOrganization(otherEnvironmentId, {
      displayName: "Elsewhere",
    });
    const first = await workspace.createOrganizationUser(environmentId, organizationId, {
      email: "kim@example.com",
      roles: ["admin"],
      givenName: "Kim",
    });
    const email = "KIM@example.COM";
    const joined = await workspace.createOrganizationUser(environmentId, second.id, {
      email,
      roles: ["member"],
    });
    assertEquals([joined.id, joined.email, joined.givenName], [first.id, "kim@example.com", "Kim"]);
    assertEquals([joined.organizationId, ...joined.roles], [second.id, "member"]);
    const stranger = await workspace.createOrganizationUser(otherEnvironmentId, elsewhere.id, {
      email,
      roles: [],
    });
    assertNotEquals(stranger.id, first.id);
    const { items } = await workspace.listOrganizationUsers(environmentId, organizationId, {
      pageSize: 10,
    });
    assertEquals(items, [first]);
  });

  scene("createOrganizationUser() refuses members and taken external ids", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const second = await workspace.createOrganization(environmentId, { displayName: "Second" });
    const create = (organization: string, email: string, externalId?: string) =>
      workspace.createOrganizationUser(environmentId, organization, {
        email,
        externalId,
        roles: [],
      });
    await create(organizationId, "kim@example.com", "hr-1");
    await create(organizationId, "lee@example.com");
    await refused("conflict", () => create(organizationId, "Kim@Example.com"));
    await refused("conflict", () => create(organizationId, "new@example.com", "hr-1"));
    await refused("conflict", () => create(second.id, "lee@example.com", "hr-1"));
    await refused("conflict", () => create(second.id, "kim@example.com", "hr-2"));
    await refused("invalid_input", () => create(second.id, "nul\0@example.com"));
    const { totalSize } = await workspace.listOrganizationUsers(environmentId, second.id, {
      pageSize: 10,
    });
    assertEquals(totalSize, 0);
    await create(second.id, "kim@example.com", "hr-1");
  });

  scene("listOrganizationUsers() is newest first and stable while users join", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const create = (n: number) =>
      workspace.createOrganizationUser(environmentId, organizationId, {
        email: `u${n}@example.com`,
        roles: [],
      });
    for (let n = 0; n < 5; n++) await create(n);
    let calls = 0;
    const items = await everyItem(async (pageToken) => {
      await create(100 + calls++);
      return workspace.listOrganizationUsers(environmentId, organizationId, {
        pageSize: 2,
        pageToken,
      });
    });
    assertEquals(items.map(({ email }) => email.split("@")[0]), [
      "u100",
      "u4",
      "u3",
      "u2",
      "u1",
      "u0",
    ]);
  });

  scene("importOrganizationUsers() adds the rows it can and reports the others", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    await workspace.createOrganizationUser(environmentId, organizationId, {
      email: "old@example.com",
      roles: [],
    });
    const users: NewOrganizationUser[] = [
      { email: "one@example.com", roles: ["member"], externalId: "x1" },
      { email: "OLD@example.com", roles: [] },
      { email: "ONE@example.com", roles: [] },
      { email: "two@example.com", roles: [], externalId: "x1" },
      { email: "bad\0@example.com", roles: [] },
      { email: "two@example.com", roles: [], externalId: "x2" },
    ];
    const rows = users.map((user, index) => ({ row: index + 2, user }));
    const results = await workspace.importOrganizationUsers(environmentId, organizationId, rows);
    assertEquals(
      results.map((
        result,
      ) => [result.row, result.email, "error" in result ? result.error.code : "added"]),
      [
        [2, "one@example.com", "added"],
        [3, "OLD@example.com", "conflict"],
        [4, "ONE@example.com", "conflict"],
        [5, "two@example.com", "conflict"],
        [6, "bad\0@example.com", "invalid_input"],
        [7, "two@example.com", "added"],
      ],
    );
    const messages = results.flatMap((result) => "error" in result ? [result.error.message] : []);
    assertEquals(new Set(messages).size, messages.length);
    assertMatch(messages[1]!, /row 2/);
    const { items } = await workspace.listOrganizationUsers(environmentId, organizationId, {
      pageSize: 10,
    });
    const added = results.flatMap((result) => "user" in result ? [result.user] : []);
    assertEquals(items.slice(0, 2), added.toReversed());
    assertEquals(items.length, 3);
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

  scene("calls made at once do not disturb each other", async (scene) => {
    const { workspace, environmentId, organizationId } = scene;
    const results = await Promise.allSettled(
      Array.from(
        { length: 20 },
        (_, n) =>
          workspace.createOrganizationUser(environmentId, organizationId, {
            email: `same${n % 10}@example.com`,
            roles: [],
          }),
      ),
    );
    assertEquals(results.filter(({ status }) => status === "fulfilled").length, 10);
    const { totalSize } = await workspace.listOrganizationUsers(environmentId, organizationId, {
      pageSize: 1,
    });
    assertEquals(totalSize, 10);
  });
}

async function refused(code: ErrorCode, call: () => Promise<unknown>): Promise<AppError> {
  const error = await assertRejects(call, AppError);
  assertEquals(error.code, code, `${error.code}: ${error.message}`);
  return error;
}

/** Reads a list to its end, asserting on the way that no item comes twice. */
async function everyItem<T extends { readonly id: string }>(
  read: (pageToken: string | undefined) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = [];
  let pageToken: string | undefined;
  do {
    const page = await read(pageToken);
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  assertEquals(new Set(items.map(({ id }) => id)).size, items.length);
  return items;
}
