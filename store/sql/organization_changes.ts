/** How organizations change and end. */

import type { Transaction } from "kysely";
import type { OrganizationLifecycle } from "../workspace/organization_changes.ts";
import { lockEnvironment } from "./environments.ts";
import { findOrganization, organizationExternalIdTaken, toOrganization } from "./organizations.ts";
import type { Schema, SqlContext } from "./schema.ts";
import { transact } from "./transaction.ts";
import { assertStorable, searchKey } from "./text.ts";
import { unlessTaken } from "./unique.ts";
import { deleteUsersOfNone } from "./users.ts";

export function organizationLifecycle({ db, now }: SqlContext): OrganizationLifecycle {
  return {
    updateOrganization(environmentId, organizationId, { displayName, externalId, metadata }) {
      assertStorable({ displayName, externalId: externalId ?? undefined });
      return changing(environmentId, organizationId, async (trx) => {
        const before = await findOrganization(trx, environmentId, organizationId);
        const name = displayName ?? before.display_name;
        const external = externalId === undefined ? before.external_id : externalId;
        const row = await unlessTaken(
          () =>
            trx
              .updateTable("organizations")
              .set({
                display_name: name,
                external_id: external,
                search_key: searchKey(name, external ?? undefined, organizationId),
                ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
                update_time: now().toISOString(),
              })
              .where("id", "=", organizationId)
              .returningAll()
              .executeTakeFirstOrThrow(),
          () => organizationExternalIdTaken(externalId),
        );
        return toOrganization(row);
      });
    },

    async getOrganizationContents(environmentId, organizationId) {
      await findOrganization(db, environmentId, organizationId);
      const members = db.selectFrom("memberships as own").where(
        "organization_id",
        "=",
        organizationId,
      );
      const { users } = await members
        .select(({ fn }) => fn.countAll().as("users"))
        .executeTakeFirstOrThrow();
      const { alone } = await members
        .where(({ not, exists, selectFrom }) =>
          not(exists(
            selectFrom("memberships as other")
              .select("other.id")
              .whereRef("other.user_id", "=", "own.user_id")
              .where("other.organization_id", "!=", organizationId),
          ))
        )
        .select(({ fn }) => fn.countAll().as("alone"))
        .executeTakeFirstOrThrow();
      const { connections } = await db
        .selectFrom("connections")
        .where("organization_id", "=", organizationId)
        .select(({ fn }) => fn.countAll().as("connections"))
        .executeTakeFirstOrThrow();
      return {
        users: Number(users),
        usersOfNoOther: Number(alone),
        connections: Number(connections),
      };
    },

    deleteOrganization(environmentId, organizationId) {
      return changing(environmentId, organizationId, async (trx) => {
        const organization = await findOrganization(trx, environmentId, organizationId);
        const ended = await trx
          .deleteFrom("memberships")
          .where("organization_id", "=", organizationId)
          .returning("user_id")
          .execute();
        const deletedUsers = await deleteUsersOfNone(trx, ended.map((row) => row.user_id));
        await trx.deleteFrom("organizations").where("id", "=", organizationId).execute();
        return { organization: toOrganization(organization), users: ended.length, deletedUsers };
      });
    },
  };

  /** Nobody joins or leaves an organization of the environment meanwhile. */
  async function changing<T>(
    environmentId: string,
    organizationId: string,
    work: (trx: Transaction<Schema>) => Promise<T>,
  ): Promise<T> {
    await findOrganization(db, environmentId, organizationId);
    return await transact(db, async (trx) => {
      await lockEnvironment(trx, environmentId);
      return await work(trx);
    });
  }
}
