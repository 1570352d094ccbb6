/** The admin portal links of organizations. */

import type { Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import { MAX_PORTAL_LINKS, PORTAL_LINK_LIFETIME } from "../workspace/admin_portal_links.ts";
import type { AdminPortalLink, AdminPortalLinkWorkspace } from "../workspace/admin_portal_links.ts";
import { findEnvironment } from "./environments.ts";
import { createSweeper, freshLink } from "./links.ts";
import { findOrganization } from "./organizations.ts";
import type { Database, Schema, SqlContext } from "./schema.ts";
import { transact } from "./transaction.ts";

export interface PortalLinkRow {
  id: string;
  organization_id: string;
  features: string;
  secret_hash: string;
  create_time: string;
  /** Milliseconds since the epoch. */
  expires_at: number;
}

export function adminPortalLinks(context: SqlContext): AdminPortalLinkWorkspace {
  const { db, newId, now } = context;
  const sweep = createSweeper(context, "portal_links");

  function open(db: Database, organizationId: string) {
    return db
      .selectFrom("portal_links")
      .selectAll()
      .where("organization_id", "=", organizationId)
      .where("expires_at", ">", now().getTime())
      .orderBy("id");
  }

  return {
    async createAdminPortalLink(environmentId, organizationId, { features, lifetimeSeconds }) {
      await sweep();
      return await transact(db, async (trx) => {
        await lockOrganization(trx, organizationId);
        await findOrganization(trx, environmentId, organizationId);
        if ((await open(trx, organizationId).execute()).length >= MAX_PORTAL_LINKS) {
          throw tooManyLinks();
        }
        const time = now();
        const environment = await findEnvironment(trx, environmentId);
        const lifetime = lifetimeSeconds ?? PORTAL_LINK_LIFETIME.default;
        const link = freshLink(environment, "portal", time, lifetime);
        const row: PortalLinkRow = {
          id: newId("lnk"),
          organization_id: organizationId,
          features: JSON.stringify(features),
          secret_hash: link.secretHash,
          create_time: time.toISOString(),
          expires_at: link.expiresAt,
        };
        await trx.insertInto("portal_links").values(row).execute();
        return { ...toLink(row), location: link.location };
      });
    },

    async listAdminPortalLinks(environmentId, organizationId) {
      await findOrganization(db, environmentId, organizationId);
      return (await open(db, organizationId).execute()).map(toLink);
    },

    async revokeAdminPortalLinks(environmentId, organizationId) {
      await sweep();
      await findOrganization(db, environmentId, organizationId);
      const rows = await db
        .deleteFrom("portal_links")
        .where("organization_id", "=", organizationId)
        .where("expires_at", ">", now().getTime())
        .returningAll()
        .execute();
      return rows.map(toLink);
    },
  };
}

/** Lets one link after the other be added, so that the count holds; a change that changes nothing locks the row. */
async function lockOrganization(trx: Transaction<Schema>, organizationId: string): Promise<void> {
  await trx
    .updateTable("organizations")
    .set(({ ref }) => ({ update_time: ref("update_time") }))
    .where("id", "=", organizationId)
    .execute();
}

function tooManyLinks(): AppError {
  return new AppError(
    "conflict",
    `The organization has ${MAX_PORTAL_LINKS} open admin portal links, which is the most; ` +
      "revoke them, or wait until one expires",
    { reason: "portal_links_full", details: { maximum: MAX_PORTAL_LINKS } },
  );
}

function toLink(row: PortalLinkRow): AdminPortalLink {
  return {
    id: row.id,
    organizationId: row.organization_id,
    features: JSON.parse(row.features),
    createTime: row.create_time,
    expireTime: new Date(Number(row.expires_at)).toISOString(),
  };
}
