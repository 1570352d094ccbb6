import { test } from "node:test";

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, questionOf, withWorkspace } from "../support/tools.ts";

const TOOL = "delete_environment_scope";

test("delete_environment_scope deletes the scope of one environment", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, scopeName: "invoice:write" };
    assertEquals(
      await questionOf(TOOL, input, workspace),
      "Delete the scope invoice:write (Pay and cancel invoices of your organization) of the environment " +
        "Production (PRD)? It is enabled: applications that ask for it will get no token with it any more.",
    );
    const deleted = await callTool(TOOL, input, { workspace });
    assertEquals(deleted.name, "invoice:write");
    const names = async (environmentId: string) => {
      const { scopes } = await callTool("list_environment_scopes", { environmentId }, {
        workspace,
      });
      return scopes.map(({ name }: { name: string }) => name);
    };
    assertEquals(await names(environmentId), ["usr:read", "invoice:read"]);
    assertEquals((await names(await environmentNamed(workspace, "Development"))).length, 3);
  }));

test("delete_environment_scope tells a scope that is switched off, in a question one can read", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, scopeName: "usr:read" };
    await callTool(
      "update_environment_scope",
      { ...input, enabled: false, description: "x".repeat(2000) },
      { workspace },
    );
    const question = await questionOf(TOOL, input, workspace);
    assertStringIncludes(question, "switched off");
    assertEquals(question.length < 500, true);
  }));

test("delete_environment_scope asks nobody about a scope that does not exist", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, scopeName: "invoice" };
    for (const call of [questionOf(TOOL, input, workspace), callTool(TOOL, input, { workspace })]) {
      assertEquals((await assertRejects(() => call, AppError)).code, "not_found");
    }
  }));
