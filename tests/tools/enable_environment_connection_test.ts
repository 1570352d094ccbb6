import { test } from "node:test";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool } from "../support/tools.ts";

const NAME = "enable_environment_connection";

test("enable_environment_connection enables what is complete, and changes nothing where it is so", () =>
  withConnections(async ({ workspace, environmentId }) => {
    const created = await callTool("create_connection", {
      environmentId,
      provider: "LINKEDIN",
      type: "OAUTH",
    }, { workspace });
    const input = { environmentId, connectionId: created.id };
    const error = await assertRejects(() => callTool(NAME, input, { workspace }), AppError);
    assertEquals(error.code, "conflict");
    assertStringIncludes(error.message, "it lacks clientId");
    await callTool("update_connection", { ...input, clientId: "gatehouse" }, { workspace });
    const enabled = await callTool(NAME, input, { workspace });
    assertEquals([enabled.enabled, enabled.status], [true, "COMPLETED"]);
    assertEquals(await callTool(NAME, input, { workspace }), enabled);
  }));

test("enable_environment_connection leaves an organization's to who may change organizations", () =>
  withConnections(async ({ workspace, environmentId, connection }) => {
    const before = await connection("halden-entra");
    const error = await assertRejects(
      () => callTool(NAME, { environmentId, connectionId: before.id }, { workspace }),
      AppError,
    );
    assertEquals([error.code, error.reason], ["conflict", "connection_of_organization"]);
    assertEquals(error.details, { organizationId: before.organizationId });
    assertEquals(await connection("halden-entra"), before);
  }));
