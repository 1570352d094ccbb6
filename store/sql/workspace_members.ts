/** The people who manage the workspace itself. */

import { AppError } from "../../errors.ts";
import type { Workspace, WorkspaceMember } from "../workspace.ts";
import { readPage } from "./page.ts";
import type { SqlContext, WorkspaceMemberRow } from "./schema.ts";
import { assertStorable, emailKey } from "./text.ts";

export function workspaceMembers(
  { db, newId, now }: SqlContext,
): Pick<Workspace, "listWorkspaceMembers" | "inviteWorkspaceMember"> {
  return {
    listWorkspaceMembers(page) {
      return readPage(db.selectFrom("workspace_members").selectAll(), "workspace_members", page, {
        list: ["workspace_members"],
        order: "oldest first",
        toItem: toMember,
      });
    },

    async inviteWorkspaceMember({ email, role }) {
      assertStorable({ email });
      const time = now().toISOString();
      const row = await db
        .insertInto("workspace_members")
        .values({
          id: newId("mem"),
          email,
          email_key: emailKey(email),
          role,
          status: "PENDING_INVITE",
          create_time: time,
          update_time: time,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (row) return toMember(row);
      throw new AppError("conflict", "The email belongs to a member, or was invited already", {
        reason: "member_already",
      });
    },
  };
}

export function toMember(row: WorkspaceMemberRow): WorkspaceMember {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    status: row.status,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
