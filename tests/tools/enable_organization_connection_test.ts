import { test } from "node:test";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool } from "../support/tools.ts";

test("enable_organization_connection enables, once and for all", () =>
  withConnections(async ({ workspace, environmentId, organization, connection }) => {
    const organizationId = await organization("Halden Shipping");
    const { id: connectionId } = await connection("halden-entra");
    const input = { environmentId, organizationId, connectionId };
    const enabled = await callTool("enable_organization_connection", input, { workspace });
    assertEquals([enabled.enabled, enabled.keyId], [true, "halden-entra"]);
    const again = await callTool("enable_organization_connection", input, { workspace });
    assertEquals(again, enabled);
  }));

test("enable_organization_connection enables none of another organization or the environment", () =>
  withConnections(async ({ workspace, environmentId, organization, connection }) => {
    const organizationId = await organization("Kestrel Robotics");
    for (const keyId of ["halden-entra", "google"]) {
      const before = await connection(keyId);
      const input = { environmentId, organizationId, connectionId: before.id };
      const error = await assertRejects(
        () => callTool("enable_organization_connection", input, { workspace }),
        AppError,
      );
      assertEquals(error.code, "not_found");
      assertEquals(await connection(keyId), before);
    }
  }));

test("enable_organization_connection enables none that is not complete", () =>
  withConnections(async ({ workspace, environmentId, organization }) => {
    const organizationId = await organization("Kestrel Robotics");
    const { id: connectionId } = await workspace.createConnection(environmentId, {
      organizationId,
      provider: "OKTA",
      type: "SAML",
    });
    const error = await assertRejects(
      () =>
        callTool(
          "enable_organization_connection",
          { environmentId, organizationId, connectionId },
          { workspace },
        ),
      AppError,
    );
    assertEquals(error.code, "conflict");
    assertStringIncludes(error.message, "it lacks metadataUrl");
    const { enabled } = await workspace.getConnection(environmentId, connectionId);
    assertEquals(enabled, false);
  }));
