/** The connected accounts of an environment, and the links with which people connect them. */

import type { Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import { MAGIC_LINK_LIFETIME } from "../workspace/connected_accounts.ts";
import type {
  ConnectedAccount,
  ConnectedAccountStatus,
  ConnectedAccountWorkspace,
} from "../workspace/connected_accounts.ts";
import { connectsAccounts } from "../workspace/connections.ts";
import type { ConnectionRow } from "./connections.ts";
import { findEnvironment, findInEnvironment } from "./environments.ts";
import { createSweeper, freshLink } from "./links.ts";
import { readPage } from "./page.ts";
import type { Database, Schema, SqlContext, Times } from "./schema.ts";
import { transact } from "./transaction.ts";
import { assertStorable } from "./text.ts";

export interface ConnectedAccountRow extends Times {
  id: string;
  environment_id: string;
  connection_id: string;
  identifier: string;
  status: ConnectedAccountStatus;
  token_expire_time: string | null;
  last_used_time: string | null;
}

export interface MagicLinkRow {
  connected_account_id: string;
  secret_hash: string;
  /** Milliseconds since the epoch. */
  expires_at: number;
}

type JoinedRow =
  & ConnectedAccountRow
  & Pick<ConnectionRow, "key_id" | "type" | "provider" | "provider_key">;

export function connectedAccounts(context: SqlContext): ConnectedAccountWorkspace {
  const { db, newId, now } = context;
  const sweep = createSweeper(context, "magic_links");

  return {
    async listConnectedAccounts(
      environmentId,
      { identifier, provider, connector, status, ...page },
    ) {
      await findEnvironment(db, environmentId);
      let query = selectAccounts(db).where("connected_accounts.environment_id", "=", environmentId);
      if (identifier !== undefined) query = query.where("identifier", "=", identifier);
      if (connector !== undefined) query = query.where("connections.key_id", "=", connector);
      if (status !== undefined) query = query.where("connected_accounts.status", "=", status);
      if (provider !== undefined) {
        query = query.where(
          ({ fn }) => fn.coalesce("connections.provider_key", "connections.provider"),
          "=",
          provider,
        );
      }
      return await readPage(query, "connected_accounts", page, {
        list: ["connected_accounts", environmentId, identifier, provider, connector, status],
        order: "newest first",
        toItem: toAccount,
      });
    },

    async getConnectedAccount(environmentId, connectedAccountId) {
      return toAccount(await findAccount(db, environmentId, connectedAccountId));
    },

    async createConnectedAccountMagicLink(
      environmentId,
      { identifier, connector, lifetimeSeconds = MAGIC_LINK_LIFETIME.default },
    ) {
      assertStorable({ identifier, connector });
      await sweep();
      return await transact(db, async (trx) => {
        const environment = await findEnvironment(trx, environmentId);
        const connection = await lockConnector(trx, environmentId, connector);
        requireUsable(connection);
        const time = now();
        const account = await findOrAdd(trx, connection, identifier, time);
        const { location, secretHash, expiresAt } = freshLink(
          environment,
          "connect",
          time,
          lifetimeSeconds,
        );
        const link = { secret_hash: secretHash, expires_at: expiresAt };
        await trx
          .insertInto("magic_links")
          .values({ connected_account_id: account.id, ...link })
          .onConflict((conflict) => conflict.column("connected_account_id").doUpdateSet(link))
          .execute();
        return { location, expireTime: new Date(expiresAt).toISOString(), account };
      });
    },

    deleteConnectedAccount(environmentId, connectedAccountId) {
      return transact(db, async (trx) => {
        const found = await findAccount(trx, environmentId, connectedAccountId);
        const deleted = await trx
          .deleteFrom("connected_accounts")
          .where("id", "=", connectedAccountId)
          .returning("id")
          .executeTakeFirst();
        // Somebody else was quicker.
        if (deleted === undefined) throw unknownAccount(environmentId, connectedAccountId);
        return toAccount(found);
      });
    },
  };

  async function findOrAdd(
    trx: Transaction<Schema>,
    connection: ConnectionRow,
    identifier: string,
    createdAt: Date,
  ): Promise<ConnectedAccount> {
    const time = createdAt.toISOString();
    await trx
      .insertInto("connected_accounts")
      .values({
        id: newId("ca"),
        environment_id: connection.environment_id,
        connection_id: connection.id,
        identifier,
        status: "PENDING_AUTH",
        token_expire_time: null,
        last_used_time: null,
        create_time: time,
        update_time: time,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return toAccount(
      await selectAccounts(trx)
        .where("connection_id", "=", connection.id)
        .where("identifier", "=", identifier)
        .executeTakeFirstOrThrow(),
    );
  }
}

function selectAccounts(db: Database) {
  return db
    .selectFrom("connected_accounts")
    .innerJoin("connections", "connections.id", "connected_accounts.connection_id")
    .selectAll("connected_accounts")
    .select(["key_id", "type", "provider", "provider_key"]);
}

function findAccount(
  db: Database,
  environmentId: string,
  connectedAccountId: string,
): Promise<JoinedRow> {
  return findInEnvironment(
    db,
    { environmentId, key: connectedAccountId },
    selectAccounts(db)
      .where("connected_accounts.id", "=", connectedAccountId)
      .where("connected_accounts.environment_id", "=", environmentId),
    () => unknownAccount(environmentId, connectedAccountId),
  );
}

/** Finds the connection by the name that programs have for it, and keeps it from going away until the end. */
async function lockConnector(
  trx: Transaction<Schema>,
  environmentId: string,
  connector: string,
): Promise<ConnectionRow> {
  const row = await trx
    .updateTable("connections")
    .set(({ ref }) => ({ update_time: ref("update_time") }))
    .where("environment_id", "=", environmentId)
    .where("key_id", "=", connector)
    .returningAll()
    .executeTakeFirst();
  if (row) return row;
  throw new AppError(
    "not_found",
    "No connection of this environment has this keyId; list its connections to find the connector",
    { reason: "connector", details: { environmentId, connector } },
  );
}

function requireUsable({ type, enabled }: ConnectionRow): void {
  if (!connectsAccounts(type)) {
    throw new AppError(
      "conflict",
      `A connection of the type ${type} is for signing in and connects no accounts; name another connector`,
      { reason: "connector_signs_in", details: { type } },
    );
  }
  if (enabled === 1) return;
  throw new AppError(
    "conflict",
    "The connection of this connector is not enabled, so the link would lead nowhere; enable it first",
    { reason: "connector_disabled" },
  );
}

function unknownAccount(environmentId: string, connectedAccountId: string): AppError {
  return new AppError(
    "not_found",
    "The connected account does not exist in this environment; list its connected accounts to find the id",
    { reason: "connected_account", details: { environmentId, connectedAccountId } },
  );
}

function toAccount(row: JoinedRow): ConnectedAccount {
  return {
    id: row.id,
    environmentId: row.environment_id,
    identifier: row.identifier,
    provider: row.provider_key ?? row.provider,
    connector: row.key_id,
    connectionId: row.connection_id,
    status: row.status,
    authorizationType: row.type,
    ...(row.token_expire_time !== null && { tokenExpireTime: row.token_expire_time }),
    ...(row.last_used_time !== null && { lastUsedTime: row.last_used_time }),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
