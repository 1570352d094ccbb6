import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import {
  callTool,
  environmentNamed,
  inputProblems,
  organizationNamed,
  withWorkspace,
} from "../support/tools.ts";

test("get_organization_details returns the whole organization", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
    assertEquals(
      await callTool(
        "get_organization_details",
        { environmentId, organizationId },
        { workspace },
      ),
      {
        id: organizationId,
        environmentId,
        displayName: "Halden Shipping",
        externalId: "halden",
        metadata: { plan: "business", region: "nordics" },
        settings: {
          features: [{ name: "sso", enabled: true }, { name: "dir_sync", enabled: false }],
        },
        createTime: "2025-01-06T09:00:00.000Z",
        updateTime: "2025-01-06T09:00:00.000Z",
      },
    );
  }));

test("get_organization_details does not find an organization of another environment", () =>
  withWorkspace(async (workspace) => {
    const production = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, production, "Halden Shipping");
    const environmentId = await environmentNamed(workspace, "Development");
    const error = await assertRejects(
      () => callTool("get_organization_details", { environmentId, organizationId }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("get_organization_details needs both ids", () => {
  assertEquals(inputProblems("get_organization_details", { environmentId: "env_1" }).length, 1);
  assertEquals(inputProblems("get_organization_details", { organizationId: "org_1" }).length, 1);
});
