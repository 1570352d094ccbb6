import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, withWorkspace } from "../support/tools.ts";

test("list_mcp_servers lists those of one environment, newest first, without their setup", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, name: "New", url: "https://new.example/mcp" };
    const { setup: _, ...added } = await callTool("register_mcp_server", input, { workspace });
    const first = await callTool("list_mcp_servers", { environmentId, pageSize: 1 }, { workspace });
    assertEquals([first.mcpServers, first.totalSize], [[added], 2]);
    const rest = await callTool(
      "list_mcp_servers",
      { environmentId, pageSize: 1, pageToken: first.nextPageToken },
      { workspace },
    );
    assertEquals(rest.mcpServers.map(({ name }: { name: string }) => name), ["Orders"]);
    assert(!("nextPageToken" in rest) && !("setup" in rest.mcpServers[0]));
  }));

test("list_mcp_servers refuses an environment that does not exist", async () => {
  const input = { environmentId: "env_0" };
  const error = await assertRejects(() => callTool("list_mcp_servers", input), AppError);
  assertEquals(error.code, "not_found");
});
