/** The routes of roles and of the workspace's members, as documented or, for members, as their Python SDK has them. */

import { z } from "zod";
import { ApiError, notFound, page, pages, type Route, taken, timestamp } from "./routes.ts";
import type { Member, Role, State } from "./state.ts";

const roleName = z.string().regex(/^[a-zA-Z0-9_]{1,64}$/);
const text = { display_name: z.string().min(1).max(100), description: z.string().min(1).max(2000) };

function showRole({ defaults }: State) {
  return (role: Role) => ({
    ...role,
    default_creator: defaults.creator === role.name,
    default_member: defaults.member === role.name,
    extends: "",
    permissions: [],
    dependent_roles_count: 0,
    is_org_role: false,
  });
}

function roleNamed(state: State, name: string): Role {
  const role = state.roles.get(name);
  if (role === undefined) throw notFound();
  return role;
}

function membershipsWith(state: State, role: string) {
  return [...state.users.values()].flatMap(({ memberships }) => memberships)
    .filter(({ roles }) => roles.includes(role));
}

export const roleRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/roles",
    query: z.strictObject({ include: z.enum(["permissions", "permissions:all"]).optional() }),
    handle: ({ state }) => ({ roles: [...state.roles.values()].map(showRole(state)) }),
  },
  {
    method: "POST",
    path: "/roles",
    body: z.strictObject({
      name: roleName,
      display_name: text.display_name,
      description: text.description.optional(),
    }),
    handle({ state, body }) {
      if (state.roles.has(body.name)) throw taken();
      const role = { description: "", ...body, id: state.newId("role") };
      state.roles.set(role.name, role);
      return { role: showRole(state)(role) };
    },
  },
  {
    method: "PATCH",
    path: "/roles:set_defaults",
    body: z.strictObject({
      default_creator_role: roleName.optional(),
      default_member_role: roleName.optional(),
    }),
    handle({ state, body }) {
      const { default_creator_role: creator, default_member_role: member } = body;
      for (const name of [creator, member]) if (name) roleNamed(state, name);
      if (creator) state.defaults.creator = creator;
      if (member) state.defaults.member = member;
      const shown = (name: string) => showRole(state)(roleNamed(state, name));
      return {
        default_creator: shown(state.defaults.creator),
        default_member: shown(state.defaults.member),
      };
    },
  },
  {
    method: "GET",
    path: "/roles/{name}",
    query: z.strictObject({ include: z.string().optional() }),
    handle: ({ state, params }) => ({ role: showRole(state)(roleNamed(state, params["name"]!)) }),
  },
  {
    method: "PUT",
    path: "/roles/{name}",
    body: z.strictObject(text).partial(),
    handle({ state, params, body }) {
      const role = roleNamed(state, params["name"]!);
      Object.assign(role, body);
      return { role: showRole(state)(role) };
    },
  },
  {
    method: "GET",
    path: "/roles/{name}/users:count",
    handle({ state, params }) {
      const { name } = roleNamed(state, params["name"]!);
      return { count: String(membershipsWith(state, name).length) };
    },
  },
  {
    method: "DELETE",
    path: "/roles/{name}",
    query: z.strictObject({ reassign_role_name: roleName.optional() }),
    handle({ state, params, query }) {
      const { name } = roleNamed(state, params["name"]!);
      const replacement = query["reassign_role_name"];
      const held = membershipsWith(state, name);
      if (replacement === undefined && held.length > 0) throw new ApiError(400, "ROLE_IN_USE");
      if (replacement !== undefined) roleNamed(state, String(replacement));
      for (const membership of held) {
        const others = membership.roles.filter((role) => role !== name);
        membership.roles = [...new Set([...others, String(replacement)])];
      }
      state.roles.delete(name);
      return {};
    },
  },
];

function showMember({ invited, ...member }: Member) {
  const membership_status = invited ? "PENDING_INVITE" : "ACTIVE";
  return {
    ...member,
    workspace_id: "wks_59615193906282635",
    first_name: "",
    last_name: "",
    metadata: {},
    organizations: [{ organization_id: "org_59615193906282635", membership_status }],
  };
}

function memberOf(state: State, id: string): Member {
  const member = state.members.get(id);
  if (member === undefined) throw notFound();
  return member;
}

export const memberRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/members",
    query: pages(1, 500),
    // Oldest first, so the token of `page()` does not fit.
    handle({ state, query }) {
      const members = [...state.members.values()];
      const turned = members.map((member, index) => ({
        id: `m${String(10_000 - index).padStart(6, "0")}`,
        member,
      }));
      return page("members", turned, query, ({ member }) => showMember(member));
    },
  },
  {
    method: "POST",
    path: "/members",
    body: z.strictObject({ email: z.string().includes("@"), role: z.enum(["ADMIN", "USER"]) }),
    handle({ state, body }) {
      const member = {
        id: state.newId("mem"),
        ...body,
        invited: true,
        create_time: timestamp(),
      };
      state.members.set(member.id, member);
      return { member: showMember(member) };
    },
  },
  {
    method: "GET",
    path: "/members/{id}",
    handle: ({ state, params }) => ({ member: showMember(memberOf(state, params["id"]!)) }),
  },
  {
    method: "PATCH",
    path: "/members/{id}",
    body: z.strictObject({ role: z.enum(["ADMIN", "USER"]) }),
    handle({ state, params, body }) {
      const member = memberOf(state, params["id"]!);
      member.role = body.role;
      return { member: showMember(member) };
    },
  },
  {
    method: "DELETE",
    path: "/members/{id}",
    handle({ state, params }) {
      state.members.delete(memberOf(state, params["id"]!).id);
      return {};
    },
  },
];
