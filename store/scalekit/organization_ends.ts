/** How organizations end, and what ends with them. */

import { AppError } from "../../errors.ts";
import type { OrganizationLifecycle } from "../workspace/organization_changes.ts";
import type { Workspace } from "../workspace.ts";
import { type Api, path } from "./api.ts";
import { listAll } from "./connections.ts";
import {
  type Context,
  IN_DASHBOARD,
  notSupported,
  organizationUnknown,
  userUnknown,
} from "./context.ts";
import { findOrganization } from "./organizations.ts";
import { remotePage } from "./page.ts";
import { idIn, type Json, objectsIn } from "./values.ts";

/** How many users are looked at one by one, a hundred in a call. */
const MOST_COUNTED = 5_000;

export function organizationEnds(
  { of }: Context,
  getOrganization: Workspace["getOrganization"],
): Pick<OrganizationLifecycle, "getOrganizationContents" | "deleteOrganization"> {
  return {
    async getOrganizationContents(environmentId, organizationId) {
      const api = of(environmentId);
      await findOrganization(api, organizationId);
      const users = await usersOf(api, organizationId);
      const connections = await listAll(api, organizationId);
      return {
        users: users.length,
        usersOfNoOther: users.filter(isOfNoOther).length,
        connections: connections.length,
      };
    },

    async deleteOrganization(environmentId, organizationId) {
      const api = of(environmentId);
      const organization = await getOrganization(environmentId, organizationId);
      const users = await usersOf(api, organizationId);
      await api.call({
        method: "DELETE",
        path: path`/organizations/${organizationId}`,
        missing: () => organizationUnknown(environmentId, organizationId),
      });
      const lonely = users.filter(isOfNoOther);
      // Whether users without an organization go is their setting; what became of one became of all.
      const areGone = lonely[0] !== undefined && !await userExists(api, lonely[0].id);
      return { organization, users: users.length, deletedUsers: areGone ? lonely.length : 0 };
    },
  };
}

interface CountedUser {
  readonly id: string;
  readonly organizations: number;
}

function isOfNoOther({ organizations }: CountedUser): boolean {
  return organizations <= 1;
}

async function usersOf(api: Api, organizationId: string): Promise<readonly CountedUser[]> {
  const users = new Map<string, CountedUser>();
  let at: string | undefined;
  do {
    const body = await api.call({
      method: "GET",
      path: path`/organizations/${organizationId}/users`,
      query: { page_size: 100, page_token: at },
      missing: () => organizationUnknown(api.environment.id, organizationId),
    });
    const page = remotePage(body, "users", toCounted);
    if ((page.totalSize ?? users.size) > MOST_COUNTED || users.size > MOST_COUNTED) {
      throw notSupported(
        `a count of the users that only this organization has, and it has more than ${MOST_COUNTED} users`,
        IN_DASHBOARD,
      );
    }
    for (const user of page.items) users.set(user.id, user);
    at = page.nextToken === at ? undefined : page.nextToken;
  } while (at !== undefined);
  return [...users.values()];
}

function toCounted(value: Json): CountedUser {
  return { id: idIn(value), organizations: objectsIn(value, "memberships").length };
}

/** Whether the environment still knows the user. */
export async function userExists(api: Api, userId: string): Promise<boolean> {
  try {
    await api.call({
      method: "GET",
      path: path`/users/${userId}`,
      missing: () => userUnknown(api.environment.id, userId),
    });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return false;
    throw error;
  }
}
