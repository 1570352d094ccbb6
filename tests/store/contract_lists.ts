/** The contract of the Workspace interface, part: lists, their search and their page tokens. */

import { assert, assertEquals } from "@std/assert";
import { everyItem, refused, type RegisterScene } from "./contract_scene.ts";

export function describeLists(scene: RegisterScene): void {
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
      assertEquals(await search("öl_ag"), ["100% Öl_AG"]);
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

  scene("a page token of another list, or a forged one, is refused", async (scene) => {
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
}
