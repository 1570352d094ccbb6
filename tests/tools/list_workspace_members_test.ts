import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { callTool, withWorkspace } from "../support/tools.ts";

test("list_workspace_members returns the members with role and status", async () => {
  const { members, totalSize } = await callTool("list_workspace_members", {});
  assertEquals(totalSize, 2);
  const [{ id, ...ada }] = members;
  assertMatch(id, /^mem_/);
  assertEquals(ada, {
    email: "ada@gatehouse.example",
    role: "ADMIN",
    status: "ACTIVE",
    createTime: "2025-01-06T09:00:00.000Z",
    updateTime: "2025-01-06T09:00:00.000Z",
  });
});

test("list_workspace_members pages with the token of the page before", () =>
  withWorkspace(async (workspace) => {
    const page = { pageSize: 1 };
    const { nextPageToken } = await callTool("list_workspace_members", page, { workspace });
    const last = await callTool(
      "list_workspace_members",
      { ...page, pageToken: nextPageToken },
      { workspace },
    );
    assertEquals(last.members[0].email, "grace@gatehouse.example");
    assertEquals(last.nextPageToken, undefined);
  }));
