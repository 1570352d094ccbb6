import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, questionOf } from "../support/tools.ts";

const NAME = "revoke_admin_portal_links";

test("revoke_admin_portal_links says how many would end, and ends those of one organization", () =>
  withConnections(async ({ workspace, environmentId, organization }) => {
    const ids = { environmentId, organizationId: await organization("Halden Shipping") };
    const others = { environmentId, organizationId: await organization("Kestrel Robotics") };
    const made = [];
    for (const input of [ids, { ...ids, lifetimeSeconds: 300 }, others]) {
      made.push(await callTool("generate_admin_portal_link", input, { workspace }));
    }
    assertEquals(
      await questionOf(NAME, ids, workspace),
      "Revoke all open admin portal links of the organization Halden Shipping (2)? Whoever has one can no longer set " +
        `anything up with it; the last would have worked until ${made[0].expireTime}.`,
    );
    assertEquals(
      (await workspace.listAdminPortalLinks(environmentId, ids.organizationId)).length,
      2,
    );
    const { revoked } = await callTool(NAME, ids, { workspace });
    assertEquals(
      revoked.map(({ id }: { id: string }) => id).sort(),
      [made[0].id, made[1].id].sort(),
    );
    const left = await workspace.listAdminPortalLinks(environmentId, others.organizationId);
    assertEquals(left.map(({ id }) => id), [made[2].id]);
  }));

test("revoke_admin_portal_links bothers nobody where no link is open", () =>
  withConnections(async ({ workspace, environmentId, organization }) => {
    const ids = { environmentId, organizationId: await organization("Halden Shipping") };
    const error = await assertRejects(() => questionOf(NAME, ids, workspace), AppError);
    assertEquals([error.code, error.reason], ["not_found", "portal_links"]);
    assertEquals(await callTool(NAME, ids, { workspace }), { revoked: [] });
  }));
