import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, questionOf } from "../support/tools.ts";

const NAME = "disable_organization_connection";

test("disable_organization_connection says who could no longer sign in", () =>
  withConnections(async ({ workspace, environmentId, organization, connection }) => {
    const organizationId = await organization("Kestrel Robotics");
    const before = await connection("kestrel-okta");
    const input = { environmentId, organizationId, connectionId: before.id };
    assertEquals(
      await questionOf(NAME, input, workspace),
      "Disable the connection kestrel-okta (OKTA, SAML) of the organization Kestrel Robotics? Of the users of Kestrel " +
        "Robotics (3), nobody can sign in through it any more; addresses at kestrel.example lead to it. It can be " +
        "enabled again.",
    );
    assertEquals(await connection("kestrel-okta"), before);
    const disabled = await callTool(NAME, input, { workspace });
    assertEquals([disabled.enabled, disabled.domains], [false, ["kestrel.example"]]);
  }));

test("disable_organization_connection bothers nobody about one that is disabled", () =>
  withConnections(async ({ workspace, environmentId, organization, connection }) => {
    const organizationId = await organization("Halden Shipping");
    const { id: connectionId } = await connection("halden-entra");
    const error = await assertRejects(
      () => questionOf(NAME, { environmentId, organizationId, connectionId }, workspace),
      AppError,
    );
    assertEquals([error.code, error.reason], ["conflict", "disabled_already"]);
  }));

test("disable_organization_connection says nothing of what is not the organization's", () =>
  withConnections(async ({ workspace, environmentId, organization, connection }) => {
    const organizationId = await organization("Halden Shipping");
    for (const keyId of ["kestrel-okta", "google"]) {
      const before = await connection(keyId);
      const input = { environmentId, organizationId, connectionId: before.id };
      for (
        const attempt of [
          () => questionOf(NAME, input, workspace),
          () => callTool(NAME, input, { workspace }),
        ]
      ) {
        const error = await assertRejects(attempt, AppError);
        assertEquals(error.code, "not_found");
        assertEquals(/kestrel|google|okta/i.test(error.message), false);
      }
      assertEquals(await connection(keyId), before);
    }
  }));
