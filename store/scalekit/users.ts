/** The people of an environment, across its organizations. */

import { AppError } from "../../errors.ts";
import { assertStorable, emailKey, isStorable } from "../text.ts";
import type { UserChanges, Users } from "../workspace/users.ts";
import type { OrganizationUser } from "../workspace.ts";
import { type Api, path } from "./api.ts";
import { type Context, notSupported, notThere, userUnknown } from "./context.ts";
import { userExists } from "./organization_ends.ts";
import { searchQuery } from "./organizations.ts";
import { readRemotePage, remotePage } from "./page.ts";
import { explainUnknownRoles } from "./role_names.ts";
import { toOrganizationUser, toUser, toUserDetails } from "./user_values.ts";
import { idIn, type Json, objectIn, strangeAnswer, textIn } from "./values.ts";

export function users({ of }: Context): Users {
  return {
    async listUsers(environmentId, { search, ...page }) {
      const api = of(environmentId);
      if (search !== undefined && !isStorable(search)) return { items: [], totalSize: 0 };
      const query = searchQuery(search);
      return await readRemotePage({
        list: ["environment users", environmentId, search],
        sizes: { min: 1, max: query === undefined ? 100 : 30 },
        read: async (their) =>
          remotePage(
            await api.call({
              method: "GET",
              path: query === undefined ? "/users" : "/users:search",
              query: { ...their, query },
              missing: notThere,
            }),
            "users",
            (value) => toUser(value, environmentId),
          ),
      }, page);
    },

    getUser: async (environmentId, userId) =>
      toUserDetails(await findUser(of(environmentId), userId), environmentId),

    async updateUser(environmentId, userId, changes) {
      const api = of(environmentId);
      const body = await api.call({
        method: "PATCH",
        path: path`/users/${userId}`,
        body: changesOf(changes),
        missing: () => userUnknown(environmentId, userId),
      });
      return toUserDetails(objectIn(body, "user"), environmentId);
    },

    getOrganizationUser: async (environmentId, organizationId, userId) =>
      await findMember(of(environmentId), organizationId, userId),

    async setOrganizationUserRoles(environmentId, organizationId, userId, roles) {
      const api = of(environmentId);
      await findMember(api, organizationId, userId);
      try {
        await api.call({
          method: "PATCH",
          path: path`/memberships/organizations/${organizationId}/users/${userId}`,
          body: { roles: roles.map((name) => ({ name })) },
          missing: () => memberUnknown(environmentId, organizationId, userId),
        });
      } catch (error) {
        const isRefused = error instanceof AppError && error.code === "invalid_input";
        throw isRefused ? await explainUnknownRoles(api, roles, error) : error;
      }
      return await findMember(api, organizationId, userId);
    },

    async removeOrganizationUser(environmentId, organizationId, userId) {
      const api = of(environmentId);
      const user = await findMember(api, organizationId, userId);
      await api.call({
        method: "DELETE",
        path: path`/memberships/organizations/${organizationId}/users/${userId}`,
        missing: () => memberUnknown(environmentId, organizationId, userId),
      });
      return { user, deleted: !await userExists(api, userId) };
    },
  };
}

/**
 * The user with exactly this email, in whatever case; undefined where there is none.
 *
 * Their search finds parts too, so what it finds is looked through, a few pages at most.
 */
export async function findUserByEmail(api: Api, email: string): Promise<Json | undefined> {
  let at: string | undefined;
  for (let pages = 0; pages < 5; pages++) {
    const body = await api.call({
      method: "GET",
      path: "/users:search",
      query: { query: email.slice(0, 100), page_size: 30, page_token: at },
      missing: notThere,
    });
    const { items, nextToken } = remotePage(body, "users", (value) => value);
    const found = items.find((user) => emailKey(textIn(user, "email")) === emailKey(email));
    if (found || nextToken === undefined) return found;
    at = nextToken;
  }
  return undefined;
}

async function findUser(api: Api, userId: string): Promise<Json> {
  const body = await api.call({
    method: "GET",
    path: path`/users/${userId}`,
    missing: () => userUnknown(api.environment.id, userId),
  });
  const user = objectIn(body, "user");
  if (idIn(user) !== userId) throw strangeAnswer("another user");
  return user;
}

async function findMember(
  api: Api,
  organizationId: string,
  userId: string,
): Promise<OrganizationUser> {
  const member = toOrganizationUser(await findUser(api, userId), organizationId);
  if (member === undefined) throw memberUnknown(api.environment.id, organizationId, userId);
  return member;
}

/** Their update has no mask, so what is empty is what is left out. */
function changesOf({ externalId, givenName, familyName }: UserChanges): Json {
  const emptied = Object.entries({ externalId, givenName, familyName })
    .filter(([, value]) => value === null || value === "").map(([name]) => name);
  if (emptied.length > 0) {
    throw notSupported(
      `the removal of ${emptied.join(" or ")} of a user`,
      "give another value, or leave it as it is",
    );
  }
  assertStorable({
    externalId: externalId ?? undefined,
    givenName: givenName ?? undefined,
    familyName: familyName ?? undefined,
  });
  const profile = {
    ...(givenName !== undefined && { given_name: givenName }),
    ...(familyName !== undefined && { family_name: familyName }),
  };
  return {
    ...(externalId !== undefined && { external_id: externalId }),
    ...(Object.keys(profile).length > 0 && { user_profile: profile }),
  };
}

function memberUnknown(environmentId: string, organizationId: string, userId: string): AppError {
  return new AppError(
    "not_found",
    "The organization has no such user; list its users to find the id",
    { reason: "organization_user", details: { environmentId, organizationId, userId } },
  );
}
