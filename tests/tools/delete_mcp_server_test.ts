import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, environmentNamed, questionOf, withWorkspace } from "../support/tools.ts";

test("delete_mcp_server asks about the very server, and then deletes that one", () =>
  withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    const input = { environmentId, name: "Old", url: "https://old.example/mcp" };
    const { id, setup: _, ...server } = await callTool("register_mcp_server", input, { workspace });
    const ids = { environmentId, mcpServerId: id };
    assertEquals(
      await questionOf("delete_mcp_server", ids, workspace),
      "Delete the MCP server Old (https://old.example/mcp) of the environment Production? " +
        "Its clients will get no more access tokens. This cannot be undone.",
    );
    const { deleted } = await callTool("delete_mcp_server", ids, { workspace });
    assertEquals(deleted, { id, ...server });
    const { mcpServers } = await callTool("list_mcp_servers", { environmentId }, { workspace });
    assertEquals(mcpServers.map(({ name }: { name: string }) => name), ["Orders"]);
    for (
      const call of [
        () => callTool("delete_mcp_server", ids, { workspace }),
        () => questionOf("delete_mcp_server", ids, workspace),
      ]
    ) assertEquals((await assertRejects(call, AppError)).code, "not_found");
  }));
