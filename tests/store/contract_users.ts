/** The contract of the Workspace interface, part: the users of organizations. */

import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import type { NewOrganizationUser } from "../../store/workspace.ts";
import { refused, type RegisterScene } from "./contract_scene.ts";

export function describeUsers(scene: RegisterScene): void {
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
