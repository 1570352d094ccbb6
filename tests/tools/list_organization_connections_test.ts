import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { withConnections } from "../support/connections.ts";
import { callTool, environmentNamed } from "../support/tools.ts";

test("list_organization_connections lists those of the organization alone", () =>
  withConnections(async ({ workspace, environmentId, organization }) => {
    const keysOf = async (displayName: string) => {
      const organizationId = await organization(displayName);
      const { connections, totalSize } = await callTool(
        "list_organization_connections",
        { environmentId, organizationId },
        { workspace },
      );
      assertEquals(totalSize, connections.length);
      return connections.map(({ keyId, domains }: Record<string, unknown>) => [keyId, domains]);
    };
    assertEquals(await keysOf("Kestrel Robotics"), [["kestrel-okta", ["kestrel.example"]]]);
    assertEquals(await keysOf("Bäckerei Sommer"), []);
  }));

test("list_organization_connections refuses an organization of another environment", () =>
  withConnections(async ({ workspace, organization }) => {
    const organizationId = await organization("Kestrel Robotics");
    const environmentId = await environmentNamed(workspace, "Development");
    const error = await assertRejects(
      () =>
        callTool(
          "list_organization_connections",
          { environmentId, organizationId },
          { workspace },
        ),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));
