import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, withWorkspace } from "../support/tools.ts";

test("switch_mcp_auth_to_scalekit removes the server's own sign-in and nothing that it publishes", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const input = { environmentId, name: "N", url: "https://a.example/mcp", provider: "own" };
    const registered = await callTool("register_mcp_server", input, { workspace });
    const ids = { environmentId, mcpServerId: registered.id };
    const switched = await callTool("switch_mcp_auth_to_scalekit", ids, { workspace });
    assert(!("provider" in switched));
    assertEquals(switched.setup, registered.setup);
    assertEquals(await callTool("switch_mcp_auth_to_scalekit", ids, { workspace }), switched);
    const back = { ...ids, provider: "own" };
    assertEquals((await callTool("update_mcp_server", back, { workspace })).provider, "own");
  }));

test("switch_mcp_auth_to_scalekit refuses a server that does not exist", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Development");
    const input = { environmentId, mcpServerId: "app_0" };
    const error = await assertRejects(
      () => callTool("switch_mcp_auth_to_scalekit", input, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));
