import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { AppError } from "../../errors.ts";
import { callTool, inputProblems, NOW, withWorkspace } from "../support/tools.ts";

test("invite_workspace_member invites in the role that was asked for", () =>
  withWorkspace(async (workspace) => {
    for (const role of ["ADMIN", "USER"]) {
      const email = `${role}@example.com`;
      const { id, ...member } = await callTool(
        "invite_workspace_member",
        { email, role },
        { workspace },
      );
      assertEquals(typeof id, "string");
      assertEquals(member, {
        email,
        role,
        status: "PENDING_INVITE",
        createTime: NOW.toISOString(),
        updateTime: NOW.toISOString(),
      });
    }
    const { totalSize } = await callTool("list_workspace_members", {}, { workspace });
    assertEquals(totalSize, 4);
  }));

test("invite_workspace_member refuses a member and leaves their role as it is", () =>
  withWorkspace(async (workspace) => {
    const error = await assertRejects(
      () =>
        callTool("invite_workspace_member", {
          email: "GRACE@gatehouse.example",
          role: "ADMIN",
        }, { workspace }),
      AppError,
    );
    assertEquals(error.code, "conflict");
    const { members } = await callTool("list_workspace_members", {}, { workspace });
    assertEquals(members[1].role, "USER");
  }));

test("invite_workspace_member has no default role", () => {
  const email = "ada@example.com";
  assertEquals(inputProblems("invite_workspace_member", { email }).length, 1);
  for (const role of ["admin", "OWNER", "", null, ["ADMIN"]]) {
    assertEquals(inputProblems("invite_workspace_member", { email, role }).length, 1);
  }
});
