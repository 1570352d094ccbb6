/** The people who manage the workspace, as the first configured environment's API tells of them. */

import { AppError } from "../../errors.ts";
import { assertStorable, emailKey } from "../text.ts";
import type { MemberLifecycle } from "../workspace/workspace_member_changes.ts";
import type { Workspace, WorkspaceMember } from "../workspace.ts";
import { path } from "./api.ts";
import { type Context, notThere } from "./context.ts";
import { readRemotePage, remotePage } from "./page.ts";
import { createTurns } from "./turns.ts";
import { idIn, type Json, objectIn, objectsIn, oneOf, textIn, timeIn } from "./values.ts";

/** How many members are looked through for an email, or for another ADMIN. */
const MOST_PAGES = 10;

export function workspaceMembers(
  { apis }: Context,
): Pick<Workspace, "listWorkspaceMembers" | "inviteWorkspaceMember"> & MemberLifecycle {
  const [api] = apis;
  const alone = createTurns(1, 100);
  const inTurn = <T>(work: () => Promise<T>) => alone(AbortSignal.timeout(30_000), work);

  const read = async (their: { page_size: number; page_token?: string }) =>
    remotePage(
      await api!.call({ method: "GET", path: "/members", query: their, missing: notThere }),
      "members",
      toMember,
    );

  async function everyMember(): Promise<readonly WorkspaceMember[]> {
    const members: WorkspaceMember[] = [];
    let at: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = await read({ page_size: 100, ...(at !== undefined && { page_token: at }) });
      members.push(...page.items);
      at = page.nextToken;
      if (at === undefined) break;
    }
    return members;
  }

  async function findMember(memberId: string): Promise<WorkspaceMember> {
    const missing = () => memberUnknown(memberId);
    const body = await api!.call({ method: "GET", path: path`/members/${memberId}`, missing });
    return toMember(objectIn(body, "member"));
  }

  /** An invited ADMIN cannot act yet, so they do not stand in for an active one. */
  async function requireAnotherAdmin(member: WorkspaceMember): Promise<void> {
    if (member.role !== "ADMIN" || member.status !== "ACTIVE") return;
    const others = (await everyMember()).filter(({ id, role, status }) =>
      id !== member.id && role === "ADMIN" && status === "ACTIVE"
    );
    if (others.length > 0) return;
    throw new AppError(
      "conflict",
      "The member is the last active ADMIN; make somebody else an ADMIN first",
      { reason: "last_admin" },
    );
  }

  return {
    listWorkspaceMembers: async (page) =>
      await readRemotePage({ list: ["members"], sizes: { min: 1, max: 100 }, read }, page),

    async inviteWorkspaceMember({ email, role }) {
      assertStorable({ email });
      const isKnown = (await everyMember()).some((one) => emailKey(one.email) === emailKey(email));
      if (isKnown) throw memberExists();
      const body = await api!.call({
        method: "POST",
        path: "/members",
        body: { email, role },
        missing: notThere,
      });
      return toMember(objectIn(body, "member"));
    },

    getWorkspaceMember: findMember,

    updateWorkspaceMember: async (memberId, { role }) =>
      await inTurn(async () => {
        const member = await findMember(memberId);
        if (member.role === role) return member;
        if (role !== "ADMIN") await requireAnotherAdmin(member);
        const body = await api!.call({
          method: "PATCH",
          path: path`/members/${memberId}`,
          body: { role },
          missing: () => memberUnknown(memberId),
        });
        return toMember(objectIn(body, "member"));
      }),

    removeWorkspaceMember: async (memberId) =>
      await inTurn(async () => {
        const member = await findMember(memberId);
        await requireAnotherAdmin(member);
        await api!.call({
          method: "DELETE",
          path: path`/members/${memberId}`,
          missing: () => memberUnknown(memberId),
        });
        return member;
      }),
  };
}

/** What a member may do is not known to be much, and an invitation is told by the membership alone. */
function toMember(value: Json): WorkspaceMember {
  const createTime = timeIn(value, "create_time");
  const updateTime = timeIn(value, "update_time");
  const isInvited = objectsIn(value, "organizations")
    .some((membership) => membership["membership_status"] === "PENDING_INVITE");
  return {
    id: idIn(value),
    email: textIn(value, "email"),
    role: oneOf(["ADMIN", "USER"], value, "role", "USER"),
    status: isInvited ? "PENDING_INVITE" : "ACTIVE",
    ...(createTime && { createTime }),
    ...(updateTime && { updateTime }),
  };
}

function memberExists(): AppError {
  return new AppError(
    "conflict",
    "The email is a member of the workspace or invited already; nothing was changed",
    { reason: "member_exists" },
  );
}

function memberUnknown(memberId: string): AppError {
  return new AppError(
    "not_found",
    "The workspace has no such member; list its members to find the id",
    { reason: "member", details: { memberId } },
  );
}
