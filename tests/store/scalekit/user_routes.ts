/** The routes of users and of their memberships, as documented. */

import { z } from "zod";
import { leave, organizationOf, raise, requireFree } from "./lookups.ts";
import {
  type Called,
  invalid,
  newestFirst,
  notFound,
  page,
  pages,
  type Route,
  taken,
  timestamp,
} from "./routes.ts";
import type { State, User } from "./state.ts";

const roleName = z.string().regex(/^[a-zA-Z0-9_]{1,64}$/);
const profile = z.strictObject({
  given_name: z.string().max(255).optional(),
  family_name: z.string().max(255).optional(),
});
const memberRoles = z.array(z.strictObject({ name: roleName }));
const invitation = z.strictObject({ send_invitation_email: z.enum(["true", "false"]).optional() });

function showUser(state: State) {
  return ({ given_name = "", family_name = "", memberships, ...user }: User) => ({
    ...user,
    environment_id: state.environmentId,
    user_profile: { given_name, family_name, email_verified: false, custom_attributes: {} },
    memberships: memberships.map(({ order: _, roles, ...membership }) => ({
      ...membership,
      membership_status: "ACTIVE",
      name: state.organizations.get(membership.organization_id)?.display_name ?? "",
      roles: roles.map((name) => ({ id: state.roles.get(name)?.id, name, display_name: name })),
    })),
  });
}

function userOf({ state, params }: Called, param = "id"): User {
  return state.users.get(params[param]!) ?? raise(notFound());
}

function rolesIn(state: State, roles: readonly { readonly name: string }[]): string[] {
  const names = roles.map(({ name }) => name);
  if (!names.every((name) => state.roles.has(name))) throw invalid("roles");
  return names;
}

function join(state: State, user: User, organization_id: string, roles: string[]): void {
  if (user.memberships.some((one) => one.organization_id === organization_id)) throw taken();
  const order = state.newId("msh");
  user.memberships.push({ organization_id, join_time: timeAt(order), order, roles });
}

/** Rises with every membership, where the clock would give several the same. */
function timeAt(order: string): string {
  return new Date(1_736_154_000_000 + Number(BigInt(order.slice(4)) % 1_000_000n)).toISOString();
}

export const userRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/organizations/{id}/users",
    query: pages(0, 100),
    handle(called) {
      const { id } = organizationOf(called);
      const found = [...called.state.users.values()].flatMap((user) => {
        const membership = user.memberships.find((one) => one.organization_id === id);
        return membership ? [{ id: membership.order, user }] : [];
      });
      const show = showUser(called.state);
      return page("users", newestFirst(found), called.query, ({ user }) => show(user));
    },
  },
  {
    method: "POST",
    path: "/organizations/{id}/users",
    query: invitation,
    body: z.strictObject({
      email: z.string().regex(/^[^@\s]+@[^@\s]+$/),
      external_id: z.string().min(1).optional(),
      membership: z.strictObject({ roles: memberRoles }),
      user_profile: profile.optional(),
    }),
    handle(called) {
      const { state, body } = called;
      const { id: organizationId } = organizationOf(called);
      const roles = rolesIn(state, body.membership.roles);
      const key = body.email.toLowerCase();
      for (const user of state.users.values()) if (user.email.toLowerCase() === key) throw taken();
      requireFree(state.users.values(), body.external_id);
      const time = timestamp();
      const user: User = {
        id: state.newId("usr"),
        email: body.email,
        ...(body.external_id && { external_id: body.external_id }),
        ...body.user_profile,
        memberships: [],
        create_time: time,
        update_time: time,
      };
      state.users.set(user.id, user);
      join(state, user, organizationId, roles);
      return { user: showUser(state)(user) };
    },
  },
  {
    method: "GET",
    path: "/users",
    query: pages(1, 100),
    handle: ({ state, query }) =>
      page("users", newestFirst(state.users.values()), query, showUser(state)),
  },
  {
    method: "GET",
    path: "/users:search",
    query: pages(0, 30, { query: z.string().min(3).max(100) }),
    handle({ state, query }) {
      const text = String(query["query"]).toLowerCase();
      const found = newestFirst(state.users.values()).filter(({ id, email, external_id }) =>
        email.toLowerCase().includes(text) || [id, external_id].includes(String(query["query"]))
      );
      return page("users", found, query, showUser(state));
    },
  },
  {
    method: "GET",
    path: "/users/{id}",
    handle: (called) => ({ user: showUser(called.state)(userOf(called)) }),
  },
  {
    method: "PATCH",
    path: "/users/{id}",
    body: z.strictObject({
      external_id: z.string().optional(),
      user_profile: profile.optional(),
    }),
    handle(called) {
      const user = userOf(called);
      const { external_id, user_profile = {} } = called.body;
      requireFree(called.state.users.values(), external_id, user.id);
      // Without a mask, what is empty is what is left out.
      if (external_id) user.external_id = external_id;
      for (const [field, value] of Object.entries(user_profile)) {
        if (value) Object.assign(user, { [field]: value });
      }
      user.update_time = timestamp();
      return { user: showUser(called.state)(user) };
    },
  },
  {
    method: "POST",
    path: "/memberships/organizations/{id}/users/{user}",
    query: invitation,
    body: z.strictObject({ roles: memberRoles }),
    handle(called) {
      const { state } = called;
      const { id } = organizationOf(called);
      const user = userOf(called, "user");
      join(state, user, id, rolesIn(state, called.body.roles));
      return { user: showUser(state)(user) };
    },
  },
  {
    method: "PATCH",
    path: "/memberships/organizations/{id}/users/{user}",
    body: z.strictObject({ roles: memberRoles }),
    handle(called) {
      const user = userOf(called, "user");
      const membership = user.memberships
        .find((one) => one.organization_id === called.params["id"]) ?? raise(notFound());
      membership.roles = rolesIn(called.state, called.body.roles);
      return { user: showUser(called.state)(user) };
    },
  },
  {
    method: "DELETE",
    path: "/memberships/organizations/{id}/users/{user}",
    handle(called) {
      const user = userOf(called, "user");
      const { id } = organizationOf(called);
      if (!user.memberships.some((one) => one.organization_id === id)) throw notFound();
      leave(called.state, user, id);
      return {};
    },
  },
];
