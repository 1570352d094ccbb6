import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, environmentNamed, inputProblems, NOW } from "../support/tools.ts";

const NAME = "generate_admin_portal_link";

test("generate_admin_portal_link makes a link on the environment's own domain, for seven days", () =>
  withConnections(async ({ workspace, environmentId, organization }) => {
    const organizationId = await organization("Halden Shipping");
    const made = await callTool(NAME, { environmentId, organizationId }, { workspace });
    assertMatch(made.link, /^https:\/\/login\.gatehouse\.example\/portal\/[\w-]{43}$/);
    assertMatch(made.id, /^lnk_[0-9A-Z]{26}$/);
    assertEquals([made.organizationId, made.features], [organizationId, ["sso", "dir_sync"]]);
    assertEquals(made.expireTime, new Date(NOW.getTime() + 7 * 86_400_000).toISOString());
  }));

test("generate_admin_portal_link leaves earlier links working, and takes features and a life", () =>
  withConnections(async ({ workspace, environmentId, organization }) => {
    const organizationId = await organization("Halden Shipping");
    const input = { environmentId, organizationId, features: ["sso"], lifetimeSeconds: 300 };
    const first = await callTool(NAME, input, { workspace });
    const second = await callTool(NAME, input, { workspace });
    assertEquals(first.features, ["sso"]);
    assertEquals(first.expireTime, new Date(NOW.getTime() + 300_000).toISOString());
    assert(first.link !== second.link);
    const open = await workspace.listAdminPortalLinks(environmentId, organizationId);
    assertEquals(open.map(({ id }) => id), [first.id, second.id]);
    assert(!JSON.stringify(open).includes("https://"));
  }));

test("generate_admin_portal_link opens no organization of another environment", () =>
  withConnections(async ({ workspace, organization }) => {
    const organizationId = await organization("Halden Shipping");
    const environmentId = await environmentNamed(workspace, "Development");
    const error = await assertRejects(
      () => callTool(NAME, { environmentId, organizationId }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("generate_admin_portal_link bounds the life of a link", () => {
  const ids = { environmentId: "env_1", organizationId: "org_1" };
  for (const lifetimeSeconds of [300, 2_592_000]) {
    assertEquals(inputProblems(NAME, { ...ids, lifetimeSeconds }), []);
  }
  for (const lifetimeSeconds of [0, -1, 299, 2_592_001, 300.5, "300"]) {
    assertEquals(inputProblems(NAME, { ...ids, lifetimeSeconds }).length, 1);
  }
  for (const features of [[], ["scim"], ["sso", "sso"]]) {
    assertEquals(inputProblems(NAME, { ...ids, features }).length, 1);
  }
});
