import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { Workspace } from "../../store/workspace.ts";
import { callTool, inputProblems, withWorkspace } from "../support/tools.ts";

async function members(workspace: Workspace) {
  const list = await callTool("list_workspace_members", {}, { workspace });
  return list.members as { id: string; email: string; role: string }[];
}

test("update_workspace_member changes the role", () =>
  withWorkspace(async (workspace) => {
    const [, grace] = await members(workspace);
    const input = { memberId: grace!.id, role: "ADMIN" };
    const member = await callTool("update_workspace_member", input, { workspace });
    assertEquals([member.email, member.role], ["grace@gatehouse.example", "ADMIN"]);
    assertEquals((await members(workspace))[1]!.role, "ADMIN");
  }));

test("update_workspace_member never makes the last ADMIN a USER", () =>
  withWorkspace(async (workspace) => {
    const [ada] = await members(workspace);
    const input = { memberId: ada!.id, role: "USER" };
    const error = await assertRejects(
      () => callTool("update_workspace_member", input, { workspace }),
      AppError,
      "last ADMIN",
    );
    assertEquals(error.code, "conflict");
    assertEquals((await members(workspace))[0]!.role, "ADMIN");
  }));

test("update_workspace_member refuses unknown members and roles", async () => {
  const input = { memberId: "mem_0", role: "USER" };
  const error = await assertRejects(() => callTool("update_workspace_member", input), AppError);
  assertEquals(error.code, "not_found");
  for (const role of [undefined, "admin", "OWNER"]) {
    assertEquals(inputProblems("update_workspace_member", { ...input, role }).length, 1);
  }
});
