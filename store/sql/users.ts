/** The people in an environment and their memberships. A user lives for as long as they belong to an organization. */

import type { Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import type { OrganizationUser } from "../workspace.ts";
import type { User, UserDetails, Users } from "../workspace/users.ts";
import { findEnvironment, findInEnvironment, lockEnvironment } from "./environments.ts";
import { assertKnownRoles } from "./membership_roles.ts";
import { toOrganizationUser, userExternalIdTaken } from "./organization_users.ts";
import { findOrganization } from "./organizations.ts";
import { readPage } from "./page.ts";
import { roleNames } from "./roles.ts";
import type { Database, MembershipRow, Schema, SqlContext, UserRow } from "./schema.ts";
import { transact } from "./transaction.ts";
import { assertStorable, contains, isStorable } from "./text.ts";
import { unlessTaken } from "./unique.ts";

const MAX_MEMBERSHIPS = 100;
/** What one statement names; SQLite takes 32 766 parameters, PostgreSQL 65 535. */
const CHUNK = 1_000;

export function users({ db, now }: SqlContext): Users {
  return {
    async listUsers(environmentId, { search, ...page }) {
      await findEnvironment(db, environmentId);
      const query = db
        .selectFrom("users")
        .selectAll()
        .where("environment_id", "=", environmentId)
        .$if(
          search !== undefined,
          (query) =>
            query.where(({ eb, or, ref }) =>
              isStorable(search ?? "")
                ? or([
                  contains(ref("email_key"), search ?? ""),
                  eb("external_id", "=", search ?? ""),
                  eb("id", "=", search ?? ""),
                ])
                : or([])
            ),
        );
      return readPage(query, "users", page, {
        list: ["people", environmentId, search],
        order: "newest first",
        toItem: toUser,
      });
    },

    async getUser(environmentId, userId) {
      return await describe(db, await findUser(db, environmentId, userId));
    },

    async updateUser(environmentId, userId, { externalId, givenName, familyName }) {
      assertStorable({
        externalId: externalId ?? undefined,
        givenName: givenName ?? undefined,
        familyName: familyName ?? undefined,
      });
      await findUser(db, environmentId, userId);
      const row = await unlessTaken(() =>
        db
          .updateTable("users")
          .set({
            ...(externalId !== undefined && { external_id: externalId }),
            ...(givenName !== undefined && { given_name: givenName }),
            ...(familyName !== undefined && { family_name: familyName }),
            update_time: now().toISOString(),
          })
          .where("id", "=", userId)
          .where("environment_id", "=", environmentId)
          .returningAll()
          .executeTakeFirst(), userExternalIdTaken);
      return await describe(db, row ?? await findUser(db, environmentId, userId));
    },

    getOrganizationUser: (environmentId, organizationId, userId) =>
      findOrganizationUser(db, environmentId, organizationId, userId),

    async setOrganizationUserRoles(environmentId, organizationId, userId, roles) {
      assertStorable({ roles: roles.join(" ") });
      await findOrganizationUser(db, environmentId, organizationId, userId);
      return await transact(db, async (trx) => {
        // Against a role that is deleted meanwhile.
        await lockEnvironment(trx, environmentId);
        assertKnownRoles(await roleNames(trx, environmentId), roles);
        await trx
          .updateTable("memberships")
          .set({ roles: JSON.stringify(roles), update_time: now().toISOString() })
          .where("organization_id", "=", organizationId)
          .where("user_id", "=", userId)
          .execute();
        return await findOrganizationUser(trx, environmentId, organizationId, userId);
      });
    },

    async removeOrganizationUser(environmentId, organizationId, userId) {
      await findOrganizationUser(db, environmentId, organizationId, userId);
      return await transact(db, async (trx) => {
        await lockEnvironment(trx, environmentId);
        const user = await findOrganizationUser(trx, environmentId, organizationId, userId);
        await trx
          .deleteFrom("memberships")
          .where("organization_id", "=", organizationId)
          .where("user_id", "=", userId)
          .execute();
        return { user, deleted: await deleteUsersOfNone(trx, [userId]) === 1 };
      });
    },
  };
}

/** Deletes those of the users that belong to no organization any more, and says how many they were. */
export async function deleteUsersOfNone(
  trx: Transaction<Schema>,
  userIds: readonly string[],
): Promise<number> {
  let deleted = 0;
  for (let start = 0; start < userIds.length; start += CHUNK) {
    const { numDeletedRows } = await trx
      .deleteFrom("users")
      .where("id", "in", userIds.slice(start, start + CHUNK))
      .where(({ not, exists, selectFrom }) =>
        not(exists(
          selectFrom("memberships")
            .select("memberships.id")
            .whereRef("memberships.user_id", "=", "users.id"),
        ))
      )
      .executeTakeFirstOrThrow();
    deleted += Number(numDeletedRows);
  }
  return deleted;
}

function findUser(db: Database, environmentId: string, userId: string): Promise<UserRow> {
  return findInEnvironment(
    db,
    { environmentId, key: userId },
    db
      .selectFrom("users")
      .selectAll()
      .where("id", "=", userId)
      .where("environment_id", "=", environmentId),
    () =>
      new AppError(
        "not_found",
        "The user does not exist in this environment; list its users to find the id",
        { reason: "user", details: { environmentId, userId } },
      ),
  );
}

async function findOrganizationUser(
  db: Database,
  environmentId: string,
  organizationId: string,
  userId: string,
): Promise<OrganizationUser> {
  await findOrganization(db, environmentId, organizationId);
  const row = isStorable(userId)
    ? await db
      .selectFrom("memberships")
      .innerJoin("users", "users.id", "memberships.user_id")
      .select(["email", "external_id", "given_name", "family_name"])
      .selectAll("memberships")
      .where("organization_id", "=", organizationId)
      .where("user_id", "=", userId)
      .executeTakeFirst()
    : undefined;
  if (row) return toOrganizationUser(row, row);
  throw new AppError(
    "not_found",
    "The user does not belong to this organization; list its users to find the id",
    { reason: "organization_user", details: { organizationId, userId } },
  );
}

async function describe(db: Database, row: UserRow): Promise<UserDetails> {
  const memberships = db
    .selectFrom("memberships")
    .innerJoin("organizations", "organizations.id", "memberships.organization_id")
    .where("user_id", "=", row.id);
  const rows = await memberships
    .selectAll("memberships")
    .select("organizations.display_name")
    .orderBy("memberships.id", "desc")
    .limit(MAX_MEMBERSHIPS)
    .execute();
  const { count } = await memberships
    .select(({ fn }) => fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return {
    ...toUser(row),
    memberships: rows.map(toMembership),
    membershipCount: Number(count),
  };
}

function toMembership(row: MembershipRow & { readonly display_name: string }) {
  return {
    organizationId: row.organization_id,
    organizationName: row.display_name,
    roles: JSON.parse(row.roles),
    membershipStatus: row.status,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

function toUser(row: UserRow): User {
  return {
    id: row.id,
    environmentId: row.environment_id,
    email: row.email,
    ...(row.external_id !== null && { externalId: row.external_id }),
    ...(row.given_name !== null && { givenName: row.given_name }),
    ...(row.family_name !== null && { familyName: row.family_name }),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
