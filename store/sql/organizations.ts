/** The organizations of an environment. */

import { AppError } from "../../errors.ts";
import type { Organization, Workspace } from "../workspace.ts";
import { findEnvironment, findInEnvironment } from "./environments.ts";
import { readPage } from "./page.ts";
import type { Database, OrganizationRow, SqlContext } from "./schema.ts";
import { assertStorable, contains, isStorable, searchKey } from "./text.ts";

const FEATURE_COLUMNS = { sso: "sso_enabled", dir_sync: "dir_sync_enabled" } as const;

export function organizations({ db, newId, now }: SqlContext): Pick<
  Workspace,
  "listOrganizations" | "getOrganization" | "createOrganization" | "updateOrganizationSettings"
> {
  return {
    async listOrganizations(environmentId, { search, ...page }) {
      await findEnvironment(db, environmentId);
      const query = db
        .selectFrom("organizations")
        .selectAll()
        .where("environment_id", "=", environmentId)
        .$if(
          search !== undefined,
          (query) => query.where(({ ref }) => contains(ref("search_key"), search ?? "")),
        );
      return readPage(query, "organizations", page, {
        list: ["organizations", environmentId, search],
        order: "newest first",
        toItem: toOrganization,
      });
    },

    async getOrganization(environmentId, organizationId) {
      return toOrganization(await findOrganization(db, environmentId, organizationId));
    },

    async createOrganization(environmentId, { displayName, externalId, metadata }) {
      assertStorable({ displayName, externalId });
      await findEnvironment(db, environmentId);
      const id = newId("org");
      const time = now().toISOString();
      const row = await db
        .insertInto("organizations")
        .values({
          id,
          environment_id: environmentId,
          display_name: displayName,
          external_id: externalId ?? null,
          search_key: searchKey(displayName, externalId, id),
          metadata: JSON.stringify(metadata ?? {}),
          sso_enabled: 0,
          dir_sync_enabled: 0,
          create_time: time,
          update_time: time,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst();
      if (row) return toOrganization(row);
      throw organizationExternalIdTaken(externalId);
    },

    async updateOrganizationSettings(environmentId, organizationId, features) {
      const changes = features.map(({ name, enabled }) => [FEATURE_COLUMNS[name], enabled ? 1 : 0]);
      const row = isStorable(organizationId) && isStorable(environmentId)
        ? await db
          .updateTable("organizations")
          .set({ ...Object.fromEntries(changes), update_time: now().toISOString() })
          .where("id", "=", organizationId)
          .where("environment_id", "=", environmentId)
          .returningAll()
          .executeTakeFirst()
        : undefined;
      return toOrganization(row ?? await findOrganization(db, environmentId, organizationId));
    },
  };
}

/** Reads an organization of the environment, or throws `not_found`. */
export function findOrganization(
  db: Database,
  environmentId: string,
  organizationId: string,
): Promise<OrganizationRow> {
  return findInEnvironment(
    db,
    { environmentId, key: organizationId },
    db
      .selectFrom("organizations")
      .selectAll()
      .where("id", "=", organizationId)
      .where("environment_id", "=", environmentId),
    () =>
      new AppError(
        "not_found",
        "The organization does not exist in this environment; list its organizations to find the id",
        { reason: "organization", details: { environmentId, organizationId } },
      ),
  );
}

export function organizationExternalIdTaken(externalId: string | null | undefined): AppError {
  return new AppError(
    "conflict",
    "The externalId belongs to another organization of this environment; choose another one",
    { reason: "external_id_taken", details: { externalId } },
  );
}

export function toOrganization(row: OrganizationRow): Organization {
  return {
    id: row.id,
    environmentId: row.environment_id,
    displayName: row.display_name,
    ...(row.external_id !== null && { externalId: row.external_id }),
    metadata: JSON.parse(row.metadata),
    settings: {
      features: [
        { name: "sso", enabled: row.sso_enabled === 1 },
        { name: "dir_sync", enabled: row.dir_sync_enabled === 1 },
      ],
    },
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
