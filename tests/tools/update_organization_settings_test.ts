import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import {
  callTool,
  environmentNamed,
  inputProblems,
  organizationNamed,
  withWorkspace,
} from "../support/tools.ts";

test("update_organization_settings sets the named feature and leaves the other", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
    const input = {
      environmentId,
      organizationId,
      features: [{ name: "dir_sync", enabled: true }],
    };
    const updated = await callTool("update_organization_settings", input, { workspace });
    assertEquals(updated.settings.features, [
      { name: "sso", enabled: true },
      { name: "dir_sync", enabled: true },
    ]);
    const again = await callTool("update_organization_settings", input, { workspace });
    assertEquals(again.settings, updated.settings);
    const read = await callTool(
      "get_organization_details",
      { environmentId, organizationId },
      { workspace },
    );
    assertEquals(read, again);
  }));

test("update_organization_settings refuses an organization that does not exist", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const error = await assertRejects(
      () =>
        callTool("update_organization_settings", {
          environmentId,
          organizationId: "org_0",
          features: [{ name: "sso", enabled: false }],
        }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("update_organization_settings refuses features that say nothing, too much or the unknown", () => {
  const sso = { name: "sso", enabled: true };
  for (
    const features of [
      undefined,
      [],
      [sso, { ...sso, enabled: false }],
      [{ name: "scim", enabled: true }],
      [{ name: "sso" }],
      [{ ...sso, enabled: "true" }],
      [{ ...sso, force: true }],
      { sso: true },
    ]
  ) {
    const input = { environmentId: "env_1", organizationId: "org_1", features };
    assert(
      inputProblems("update_organization_settings", input).length > 0,
      JSON.stringify(features),
    );
  }
});
