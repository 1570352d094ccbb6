import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { Workspace } from "../../store/workspace.ts";
import {
  callTool,
  environmentNamed,
  inputProblems,
  organizationNamed,
  withWorkspace,
} from "../support/tools.ts";

async function halden(workspace: Workspace) {
  const environmentId = await environmentNamed(workspace, "Production");
  const organizationId = await organizationNamed(workspace, environmentId, "Halden Shipping");
  return { environmentId, organizationId };
}

test("update_organization changes what is named, and metadata as a whole", () =>
  withWorkspace(async (workspace) => {
    const ids = await halden(workspace);
    const before = await callTool("get_organization_details", ids, { workspace });
    const changes = { displayName: "Halden Lines", metadata: { plan: "enterprise" } };
    const after = await callTool("update_organization", { ...ids, ...changes }, { workspace });
    assertEquals({ ...after, updateTime: "" }, { ...before, ...changes, updateTime: "" });
    assertEquals(await callTool("get_organization_details", ids, { workspace }), after);
  }));

test("update_organization removes the external id with an empty text", () =>
  withWorkspace(async (workspace) => {
    const ids = await halden(workspace);
    const after = await callTool("update_organization", { ...ids, externalId: "" }, { workspace });
    assert(!("externalId" in after));
    const { environmentId } = ids;
    const taker = { environmentId, displayName: "New", externalId: "halden" };
    await callTool("create_organization", taker, { workspace });
    const error = await assertRejects(
      () => callTool("update_organization", { ...ids, externalId: "halden" }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
  }));

test("update_organization refuses a call that names nothing", () =>
  withWorkspace(async (workspace) => {
    const ids = await halden(workspace);
    const error = await assertRejects(
      async () => await callTool("update_organization", ids, { workspace }),
      AppError,
      "displayName, externalId, metadata",
    );
    assertEquals(error.code, "invalid_input");
  }));

test("update_organization holds the bounds of creating", () => {
  const ids = { environmentId: "env_1", organizationId: "org_1" };
  const bad = [{ displayName: "" }, { displayName: "x".repeat(201) }, { externalId: " x" }];
  for (const change of [...bad, { metadata: { a: "x".repeat(257) } }, { features: [] }]) {
    const problems = inputProblems("update_organization", { ...ids, ...change });
    assert(problems.length > 0, JSON.stringify(change));
  }
});
