import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import type { Workspace } from "../../store/workspace.ts";
import { callTool, questionOf, withWorkspace } from "../support/tools.ts";

async function members(workspace: Workspace) {
  const list = await callTool("list_workspace_members", {}, { workspace });
  return list.members as { id: string; email: string; role: string }[];
}

test("remove_workspace_member asks about the very person, and removes them", () =>
  withWorkspace(async (workspace) => {
    const [ada, grace] = await members(workspace);
    const input = { memberId: grace!.id };
    assertEquals(
      await questionOf("remove_workspace_member", input, workspace),
      "Remove grace@gatehouse.example (role USER) from this workspace? They can no longer administer it.",
    );
    const { removed } = await callTool("remove_workspace_member", input, { workspace });
    assertEquals(removed, grace);
    assertEquals(await members(workspace), [ada]);
    const error = await assertRejects(
      () => callTool("remove_workspace_member", input, { workspace }),
      AppError,
    );
    assertEquals(error.code, "not_found");
  }));

test("remove_workspace_member withdraws an invitation", () =>
  withWorkspace(async (workspace) => {
    const invitation = { email: "new@example.com", role: "ADMIN" };
    const { id } = await callTool("invite_workspace_member", invitation, { workspace });
    assertEquals(
      await questionOf("remove_workspace_member", { memberId: id }, workspace),
      "Withdraw the invitation of new@example.com to this workspace (role ADMIN)?",
    );
    await callTool("remove_workspace_member", { memberId: id }, { workspace });
    assertEquals((await members(workspace)).length, 2);
  }));

test("remove_workspace_member never removes the last ADMIN who can act", () =>
  withWorkspace(async (workspace) => {
    const [ada] = await members(workspace);
    const invitation = { email: "new@example.com", role: "ADMIN" };
    await callTool("invite_workspace_member", invitation, { workspace });
    const error = await assertRejects(
      () => callTool("remove_workspace_member", { memberId: ada!.id }, { workspace }),
      AppError,
      "last ADMIN",
    );
    assertEquals(error.code, "conflict");
    assertEquals((await members(workspace)).length, 3);
  }));
