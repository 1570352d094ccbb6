import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { Workspace } from "../../store/workspace.ts";
import { callTool, environmentNamed, inputProblems, withWorkspace } from "../support/tools.ts";

async function orders(workspace: Workspace) {
  const environmentId = await environmentNamed(workspace, "Production");
  const { mcpServers } = await callTool("list_mcp_servers", { environmentId }, { workspace });
  return { environmentId, mcpServerId: mcpServers[0].id as string };
}

test("update_mcp_server changes what is named and nothing else", () =>
  withWorkspace(async (workspace) => {
    const ids = await orders(workspace);
    const before = await callTool("get_mcp_server", ids, { workspace });
    const input = { ...ids, accessTokenExpiry: 600, provider: "corporate-login" };
    const after = await callTool("update_mcp_server", input, { workspace });
    const { updateTime, ...rest } = after;
    assert(updateTime > before.updateTime);
    const { updateTime: _, ...unchanged } = before;
    const { environmentId: __, mcpServerId: ___, ...changed } = input;
    assertEquals(rest, { ...unchanged, ...changed });
    assertEquals(await callTool("get_mcp_server", ids, { workspace }), after);
  }));

test("update_mcp_server with a new URL changes everything that follows from it", () =>
  withWorkspace(async (workspace) => {
    const ids = await orders(workspace);
    const url = "https://new.example/mcp";
    const { setup } = await callTool(
      "update_mcp_server",
      { ...ids, url, scopes: [], description: "" },
      { workspace },
    );
    assertEquals([setup.audience, setup.metadata.resource], [url, url]);
    assertEquals(
      setup.metadataUrl,
      "https://new.example/.well-known/oauth-protected-resource/mcp",
    );
    assertEquals(setup.metadata.authorization_servers, [
      `https://gatehouse.example/resources/${ids.mcpServerId}`,
    ]);
    const server = await callTool("get_mcp_server", ids, { workspace });
    assert(!("description" in server) && !("scopes_supported" in server.setup.metadata));
  }));

test("update_mcp_server refuses a call that changes nothing, and names what it could change", () =>
  withWorkspace(async (workspace) => {
    const ids = await orders(workspace);
    const error = await assertRejects(
      () => callTool("update_mcp_server", ids, { workspace }),
      AppError,
      "Name at least one of name, url, description",
    );
    assertEquals(error.code, "invalid_input");
  }));

test("update_mcp_server refuses the URL of another server and keeps its own", () =>
  withWorkspace(async (workspace) => {
    const ids = await orders(workspace);
    const { environmentId } = ids;
    const other = { environmentId, name: "Other", url: "https://other.example/" };
    await callTool("register_mcp_server", other, { workspace });
    const before = await callTool("get_mcp_server", ids, { workspace });
    const error = await assertRejects(
      () => callTool("update_mcp_server", { ...ids, url: "https://other.example" }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
    assertEquals(await callTool("get_mcp_server", ids, { workspace }), before);
  }));

test("update_mcp_server holds the same bounds as registering", () => {
  const ids = { environmentId: "env_1", mcpServerId: "res_1" };
  const bad = [{ name: "" }, { url: "http://a.example/" }, { accessTokenExpiry: 0 }, {
    provider: "",
  }];
  for (const change of [...bad, { scopes: ["a-b"] }, { description: " x" }]) {
    const problems = inputProblems("update_mcp_server", { ...ids, ...change });
    assert(problems.length > 0, JSON.stringify(change));
  }
});
