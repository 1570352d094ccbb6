import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

test("get_mcp_server returns what registering it returned", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const input = { environmentId, name: "New", url: "https://new.example", scopes: ["a:read"] };
    const registered = await callTool("register_mcp_server", input, { workspace });
    const id = { environmentId, mcpServerId: registered.id };
    assertEquals(await callTool("get_mcp_server", id, { workspace }), registered);
  }));

test("get_mcp_server does not find a server of another environment", () =>
  withWorkspace(async (workspace) => {
    const production = await environmentNamed(workspace, "Production");
    const environmentId = await environmentNamed(workspace, "Development");
    const { mcpServers: [server] } = await callTool(
      "list_mcp_servers",
      { environmentId: production },
      { workspace },
    );
    const error = await assertRejects(
      () => callTool("get_mcp_server", { environmentId, mcpServerId: server.id }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("get_mcp_server takes ids of both prefixes, and nothing else", () => {
  const problems = (mcpServerId: unknown) =>
    inputProblems("get_mcp_server", { environmentId: "env_1", mcpServerId });
  for (const id of ["res_59615193906282635", "app_59615193906282635"]) {
    assertEquals(problems(id), [], id);
  }
  for (const id of ["", "res_", "mcp_1", "res_1/../2", `res_${"a".repeat(29)}`, "resapp_1"]) {
    assertEquals(problems(id).length, 1, id);
  }
});
