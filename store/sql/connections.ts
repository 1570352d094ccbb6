/** The connections of an environment and of its organizations. */

import type { Transaction } from "kysely";
import { requireOwner, unknownConnection } from "../workspace/connections.ts";
import type {
  Connection,
  ConnectionStatus,
  ConnectionType,
  ConnectionWorkspace,
} from "../workspace/connections.ts";
import {
  defaultKeyId,
  domainTaken,
  incomplete,
  inUse,
  keyIdTaken,
  settingsFor,
  statusOf,
} from "./connection_rules.ts";
import { findEnvironment, findInEnvironment } from "./environments.ts";
import { findOrganization } from "./organizations.ts";
import { readPage } from "./page.ts";
import type { Database, Schema, SqlContext, Times } from "./schema.ts";
import { transact } from "./transaction.ts";
import { assertStorable } from "./text.ts";

export interface ConnectionRow extends Times {
  id: string;
  environment_id: string;
  organization_id: string | null;
  provider: Connection["provider"];
  provider_key: string | null;
  key_id: string;
  type: ConnectionType;
  status: ConnectionStatus;
  /** 0 or 1. */
  enabled: number;
  domains: string;
  settings: string;
}

export interface ConnectionDomainRow {
  environment_id: string;
  domain: string;
  connection_id: string;
}

type NamedRow = ConnectionRow & { organization_name: string | null };

export function connections({ db, newId, now }: SqlContext): ConnectionWorkspace {
  return {
    async listConnections(environmentId, { organizationId, ...page }) {
      if (organizationId === undefined) await findEnvironment(db, environmentId);
      else await findOrganization(db, environmentId, organizationId);
      const query = selectConnections(db)
        .where("connections.environment_id", "=", environmentId)
        .$if(
          organizationId !== undefined,
          (query) => query.where("connections.organization_id", "=", organizationId ?? null),
        );
      return await readPage(query, "connections", page, {
        list: ["connections", environmentId, organizationId],
        order: "newest first",
        toItem: toConnection,
      });
    },

    async getConnection(environmentId, connectionId) {
      return toConnection(await findConnection(db, environmentId, connectionId));
    },

    async getConnectionUse(environmentId, connectionId) {
      const { organization_id } = await findConnection(db, environmentId, connectionId);
      const { total } = await (organization_id === null
        ? db
          .selectFrom("users")
          .where("environment_id", "=", environmentId)
          .select(({ fn }) => fn.countAll().as("total"))
        : db
          .selectFrom("memberships")
          .where("organization_id", "=", organization_id)
          .select(({ fn }) => fn.countAll().as("total"))).executeTakeFirstOrThrow();
      const { connected } = await db
        .selectFrom("connected_accounts")
        .where("connection_id", "=", connectionId)
        .select(({ fn }) => fn.countAll().as("connected"))
        .executeTakeFirstOrThrow();
      return { users: Number(total), connectedAccounts: Number(connected) };
    },

    createConnection(environmentId, input) {
      const { organizationId, provider, providerKey, keyId, type } = input;
      assertStorable({ providerKey, keyId });
      const settings = settingsFor(type, input.settings);
      return transact(db, async (trx) => {
        if (organizationId === undefined) await findEnvironment(trx, environmentId);
        else await findOrganization(trx, environmentId, organizationId);
        const id = newId("conn");
        const time = now().toISOString();
        const added = await trx
          .insertInto("connections")
          .values({
            id,
            environment_id: environmentId,
            organization_id: organizationId ?? null,
            provider,
            provider_key: providerKey ?? null,
            key_id: keyId ?? defaultKeyId(input, id),
            type,
            status: statusOf(type, settings),
            enabled: 0,
            domains: JSON.stringify(input.domains ?? []),
            settings: JSON.stringify(settings),
            create_time: time,
            update_time: time,
          })
          .onConflict((conflict) => conflict.doNothing())
          .returning("id")
          .executeTakeFirst();
        if (added === undefined) throw keyIdTaken();
        await claimDomains(trx, environmentId, id, input.domains ?? []);
        return toConnection(await findConnection(trx, environmentId, id));
      });
    },

    updateConnection(environmentId, connectionId, { domains, settings }) {
      return transact(db, async (trx) => {
        await lockConnection(trx, connectionId);
        const found = await findConnection(trx, environmentId, connectionId);
        if (found.enabled === 1) throw inUse();
        const merged = { ...JSON.parse(found.settings), ...settingsFor(found.type, settings) };
        await trx
          .updateTable("connections")
          .set({
            ...(domains !== undefined && { domains: JSON.stringify(domains) }),
            settings: JSON.stringify(merged),
            status: statusOf(found.type, merged),
            update_time: now().toISOString(),
          })
          .where("id", "=", connectionId)
          .execute();
        if (domains !== undefined) {
          await trx
            .deleteFrom("connection_domains")
            .where("connection_id", "=", connectionId)
            .execute();
          await claimDomains(trx, environmentId, connectionId, domains);
        }
        return toConnection(await findConnection(trx, environmentId, connectionId));
      });
    },

    setConnectionEnabled(environmentId, connectionId, enabled, organizationId) {
      return transact(db, async (trx) => {
        await lockConnection(trx, connectionId);
        if (organizationId !== undefined) {
          await findOrganization(trx, environmentId, organizationId);
        }
        const found = await findConnection(trx, environmentId, connectionId);
        requireOwner(toConnection(found), organizationId);
        if (enabled && found.status !== "COMPLETED") throw incomplete(found);
        if ((found.enabled === 1) === enabled) return toConnection(found);
        const changes = { enabled: enabled ? 1 : 0, update_time: now().toISOString() };
        await trx.updateTable("connections").set(changes).where("id", "=", connectionId).execute();
        return toConnection({ ...found, ...changes });
      });
    },

    deleteConnection(environmentId, connectionId) {
      return transact(db, async (trx) => {
        await lockConnection(trx, connectionId);
        const found = await findConnection(trx, environmentId, connectionId);
        await trx.deleteFrom("connections").where("id", "=", connectionId).execute();
        return toConnection(found);
      });
    },
  };
}

function selectConnections(db: Database) {
  return db
    .selectFrom("connections")
    .leftJoin("organizations", "organizations.id", "connections.organization_id")
    .selectAll("connections")
    .select("organizations.display_name as organization_name");
}

function findConnection(
  db: Database,
  environmentId: string,
  connectionId: string,
): Promise<NamedRow> {
  return findInEnvironment(
    db,
    { environmentId, key: connectionId },
    selectConnections(db)
      .where("connections.id", "=", connectionId)
      .where("connections.environment_id", "=", environmentId),
    () => unknownConnection(environmentId, connectionId),
  );
}

/** Holds until the end of the transaction who else changes the connection; a change that changes nothing locks the row. */
async function lockConnection(trx: Transaction<Schema>, connectionId: string): Promise<void> {
  await trx
    .updateTable("connections")
    .set(({ ref }) => ({ update_time: ref("update_time") }))
    .where("id", "=", connectionId)
    .execute();
}

async function claimDomains(
  trx: Transaction<Schema>,
  environmentId: string,
  connectionId: string,
  domains: readonly string[],
): Promise<void> {
  // In one order everywhere, so that two who claim the same do not wait for each other.
  for (const domain of domains.toSorted()) {
    assertStorable({ domain });
    const claimed = await trx
      .insertInto("connection_domains")
      .values({ environment_id: environmentId, domain, connection_id: connectionId })
      .onConflict((conflict) => conflict.doNothing())
      .returning("domain")
      .executeTakeFirst();
    if (claimed === undefined) throw domainTaken(domain);
  }
}

function toConnection(row: NamedRow): Connection {
  return {
    id: row.id,
    environmentId: row.environment_id,
    ...(row.organization_id !== null && { organizationId: row.organization_id }),
    ...(row.organization_name !== null && { organizationName: row.organization_name }),
    provider: row.provider,
    ...(row.provider_key !== null && { providerKey: row.provider_key }),
    keyId: row.key_id,
    type: row.type,
    status: row.status,
    enabled: row.enabled === 1,
    domains: JSON.parse(row.domains),
    settings: JSON.parse(row.settings),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
