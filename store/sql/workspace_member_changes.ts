/** How the people change who manage the workspace itself; somebody is always left who can manage members. */

import type { Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import type { MemberLifecycle } from "../workspace/workspace_member_changes.ts";
import type { Database, Schema, SqlContext, WorkspaceMemberRow } from "./schema.ts";
import { transact } from "./transaction.ts";
import { isStorable } from "./text.ts";
import { toMember } from "./workspace_members.ts";

export function memberLifecycle({ db, now }: SqlContext): MemberLifecycle {
  return {
    async getWorkspaceMember(memberId) {
      return toMember(await findMember(db, memberId));
    },

    updateWorkspaceMember(memberId, { role }) {
      return deciding(memberId, async (trx, member) => {
        if (role !== "ADMIN") await requireAnotherAdmin(trx, member);
        const row = await trx
          .updateTable("workspace_members")
          .set({ role, update_time: now().toISOString() })
          .where("id", "=", memberId)
          .returningAll()
          .executeTakeFirstOrThrow();
        return toMember(row);
      });
    },

    removeWorkspaceMember(memberId) {
      return deciding(memberId, async (trx, member) => {
        await requireAnotherAdmin(trx, member);
        await trx.deleteFrom("workspace_members").where("id", "=", memberId).execute();
        return toMember(member);
      });
    },
  };

  /** One after the other, or two ADMINs could remove each other. */
  async function deciding<T>(
    memberId: string,
    work: (trx: Transaction<Schema>, member: WorkspaceMemberRow) => Promise<T>,
  ): Promise<T> {
    await findMember(db, memberId);
    return await transact(db, async (trx) => {
      // A change that changes nothing is a lock in every SQL dialect.
      await trx
        .updateTable("workspace_members")
        .set(({ ref }) => ({ update_time: ref("update_time") }))
        .where("role", "=", "ADMIN")
        .execute();
      return await work(trx, await findMember(trx, memberId));
    });
  }
}

/** An invited ADMIN cannot act yet, so they do not stand in for an active one. */
async function requireAnotherAdmin(
  trx: Transaction<Schema>,
  { id, role, status }: WorkspaceMemberRow,
): Promise<void> {
  if (role !== "ADMIN") return;
  const other = await trx
    .selectFrom("workspace_members")
    .select("id")
    .where("role", "=", "ADMIN")
    .where("id", "!=", id)
    .$if(status === "ACTIVE", (query) => query.where("status", "=", "ACTIVE"))
    .limit(1)
    .executeTakeFirst();
  if (other !== undefined) return;
  throw new AppError(
    "conflict",
    "This is the last ADMIN of the workspace, and nobody could manage it after them; make another active member " +
      "ADMIN first",
    { reason: "last_admin", details: { memberId: id } },
  );
}

async function findMember(db: Database, memberId: string): Promise<WorkspaceMemberRow> {
  const row = isStorable(memberId)
    ? await db
      .selectFrom("workspace_members")
      .selectAll()
      .where("id", "=", memberId)
      .executeTakeFirst()
    : undefined;
  if (row) return row;
  throw new AppError(
    "not_found",
    "The workspace has no such member; list the workspace members to find the id",
    { reason: "workspace_member", details: { memberId } },
  );
}
