/** The schema's history, forward only, and the one function that brings a database up to date. */

import { type CreateTableBuilder, sql, type Transaction } from "kysely";
import { storeFault } from "./fault.ts";
import { createEnvironmentAccess } from "./migrations/5_environment_access.ts";
import { createConnections } from "./migrations/6_connections.ts";
import { createMcpServers } from "./migrations/7_mcp_servers.ts";
import { createIdempotency } from "./migrations/8_idempotency.ts";
import { createAuditTables } from "./migrations/9_audit.ts";
import type { Database, Schema } from "./schema.ts";
import { createSecrets } from "./secrets.ts";

export const MIGRATIONS_TABLE = "gatehouse_migrations";

/** One step of the schema; once released it is never edited. */
export interface Migration {
  /** Rises from step to step. */
  readonly version: number;
  readonly name: string;
  up(db: Transaction<Schema>): Promise<void>;
}

export interface MigrateOptions {
  readonly now: () => Date;
  /** Fills a new database. */
  readonly seed?: ((db: Transaction<Schema>) => Promise<void>) | undefined;
  readonly migrations?: readonly Migration[];
  /** Where a database holds more than our tables. */
  readonly place?: MigrationPlace;
}

export interface MigrationPlace {
  /** Looks in the namespace of our tables alone: what other programs do in theirs must not disturb a start. */
  hasTable(db: Database, name: string): Promise<boolean>;
  /** Opens the transaction: keeps other processes out, and makes the schema where there is none. */
  prepare(db: Transaction<Schema>): Promise<void>;
}

/**
 * Applies what is missing in one transaction, with the seed where the database is new: all of it is there, or nothing.
 *
 * @throws {AppError} `unavailable` with reason `newer_schema`, before anything is written.
 */
export async function migrate(
  db: Database,
  { now, seed, migrations = MIGRATIONS, place }: MigrateOptions,
): Promise<void> {
  const latest = migrations.at(-1)?.version ?? 0;
  // Most starts find nothing to do, and then need no write lock.
  if (await versionOf(db, latest, place) === latest) return;
  // Each statement sees what was committed before it: what was read before the wait for the lock is out of date.
  await db.transaction().setIsolationLevel("read committed").execute(async (trx) => {
    await place?.prepare(trx);
    // Another process may have been quicker.
    const current = await versionOf(trx, latest, place);
    if (current === 0) await createMigrationsTable(trx);
    for (const { version, name, up } of migrations) {
      if (version <= current) continue;
      await up(trx);
      const applied = { version, name, applied_at: now().toISOString() };
      await trx.insertInto(MIGRATIONS_TABLE).values(applied).execute();
    }
    if (current === 0) await seed?.(trx);
  });
}

async function versionOf(
  db: Database,
  latest: number,
  place: MigrationPlace | undefined,
): Promise<number> {
  if (!await (place?.hasTable(db, MIGRATIONS_TABLE) ?? hasTable(db, MIGRATIONS_TABLE))) return 0;
  const { version } = await db
    .selectFrom(MIGRATIONS_TABLE)
    .select(({ fn }) => fn.max("version").as("version"))
    .executeTakeFirstOrThrow();
  if (version > latest) throw storeFault("newer_schema");
  return version;
}

/** Where there is one schema only. */
async function hasTable(db: Database, name: string): Promise<boolean> {
  const tables = await db.introspection.getTables();
  return tables.some((table) => table.name === name);
}

async function createMigrationsTable(db: Transaction<Schema>): Promise<void> {
  await db.schema.createTable(MIGRATIONS_TABLE)
    .addColumn("version", "integer", (column) => column.primaryKey().notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("applied_at", "text", (column) => column.notNull())
    .execute();
}

/** The released migrations, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: "workspace, clients and authorization state", up: createFirstTables },
  { version: 2, name: "keys that are used once", up: createReplay },
  { version: 3, name: "revocations and the instances that enforce them", up: createRevocations },
  { version: 4, name: "secrets that instances share", up: createSecrets },
  { version: 5, name: "what applications of an environment use", up: createEnvironmentAccess },
  { version: 6, name: "connections, connected accounts and links", up: createConnections },
  { version: 7, name: "MCP servers", up: createMcpServers },
  { version: 8, name: "idempotency keys", up: createIdempotency },
  { version: 9, name: "audit chains of instances", up: createAuditTables },
];

async function createFirstTables(db: Transaction<Schema>): Promise<void> {
  await table(db, "environments", ["id"])
    .$call(texts("display_name", "type", "region_code", "domain", "create_time", "update_time"))
    .$call(optionalTexts("custom_domain", "custom_domain_status"))
    .addCheckConstraint("environments_type", sql`type in ('DEV', 'PRD')`)
    .execute();

  await table(db, "organizations", ["id"])
    .$call(texts("environment_id", "display_name", "search_key", "metadata"))
    .$call(texts("create_time", "update_time"))
    .$call(optionalTexts("external_id"))
    .addColumn("sso_enabled", "integer", (column) => column.notNull())
    .addColumn("dir_sync_enabled", "integer", (column) => column.notNull())
    .addForeignKeyConstraint("organizations_environment", ["environment_id"], "environments", [
      "id",
    ])
    .addUniqueConstraint("organizations_external_id", ["environment_id", "external_id"])
    .execute();
  // Each list is read in the order of its ids, from a cursor on.
  await db.schema.createIndex("organizations_list")
    .on("organizations").columns(["environment_id", "id"]).execute();

  await table(db, "users", ["id"])
    .$call(texts("environment_id", "email", "email_key", "create_time", "update_time"))
    .$call(optionalTexts("external_id", "given_name", "family_name"))
    .addForeignKeyConstraint("users_environment", ["environment_id"], "environments", ["id"])
    .addUniqueConstraint("users_email", ["environment_id", "email_key"])
    .addUniqueConstraint("users_external_id", ["environment_id", "external_id"])
    .execute();

  await table(db, "memberships", ["id"])
    .$call(texts("organization_id", "user_id", "roles", "status", "create_time", "update_time"))
    .addForeignKeyConstraint("memberships_organization", ["organization_id"], "organizations", [
      "id",
    ])
    .addForeignKeyConstraint("memberships_user", ["user_id"], "users", ["id"])
    .addUniqueConstraint("memberships_once", ["organization_id", "user_id"])
    .addCheckConstraint(
      "memberships_status",
      sql`status in ('ACTIVE', 'INACTIVE', 'PENDING_INVITE', 'INVITE_EXPIRED')`,
    )
    .execute();
  await db.schema.createIndex("memberships_list")
    .on("memberships").columns(["organization_id", "id"]).execute();

  await table(db, "workspace_members", ["id"])
    .$call(texts("email", "email_key", "role", "status", "create_time", "update_time"))
    .addUniqueConstraint("workspace_members_email", ["email_key"])
    .addCheckConstraint("workspace_members_role", sql`role in ('ADMIN', 'USER')`)
    .execute();

  await table(db, "clients", ["client_id"])
    .$call(texts("name", "scopes", "create_time"))
    .$call(optionalTexts("secret_hash", "jwks"))
    .addUniqueConstraint("clients_name", ["name"])
    .execute();

  await table(db, "authorization_state", ["model", "id"])
    .$call(texts("payload"))
    .addColumn("expires_at", "bigint")
    .addColumn("consumed_at", "bigint")
    .$call(optionalTexts("grant_id", "user_code", "uid"))
    .execute();
  for (const column of ["expires_at", "grant_id", "user_code", "uid"]) {
    await db.schema.createIndex(`authorization_state_${column}`)
      .on("authorization_state").column(column).execute();
  }
}

async function createReplay(db: Transaction<Schema>): Promise<void> {
  await table(db, "replay", ["key"])
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("replay_expires_at").on("replay").column("expires_at").execute();
}

async function createRevocations(db: Transaction<Schema>): Promise<void> {
  await table(db, "revocations", ["id"])
    .$call(texts("kind", "issuer", "value", "reason", "actor", "create_time"))
    .addColumn("issued_until", "bigint")
    .addColumn("expires_at", "bigint")
    .addColumn("revision", "bigint", (column) => column.notNull())
    .addColumn("removed_at", "bigint")
    .addCheckConstraint(
      "revocations_kind",
      sql`kind in ('token', 'client', 'subject', 'issuer')`,
    )
    .execute();
  const indexes = {
    target: ["kind", "issuer", "value"],
    revision: ["revision"],
    in_force: ["removed_at", "expires_at"],
  };
  for (const [name, columns] of Object.entries(indexes)) {
    await db.schema.createIndex(`revocations_${name}`).on("revocations").columns(columns).execute();
  }

  await db.schema.createTable("revocation_state")
    .addColumn("id", "integer", (column) => column.primaryKey().notNull())
    .addColumn("revision", "bigint", (column) => column.notNull())
    .execute();
  await db.insertInto("revocation_state").values({ id: 1, revision: 0 }).execute();

  await table(db, "instances", ["instance"])
    .addColumn("revision", "bigint", (column) => column.notNull())
    .addColumn("seen_at", "bigint", (column) => column.notNull())
    .execute();
}

type Table = CreateTableBuilder<string, string>;

/** A table with its primary key; NOT NULL is said out loud, as SQLite does not imply it. */
function table(db: Transaction<Schema>, name: string, key: string[]): Table {
  return texts(...key)(db.schema.createTable(name))
    .addPrimaryKeyConstraint(`${name}_pk`, key);
}

function texts(...names: string[]): (table: Table) => Table {
  return (table) =>
    names.reduce((all, name) => all.addColumn(name, "text", (column) => column.notNull()), table);
}

function optionalTexts(...names: string[]): (table: Table) => Table {
  return (table) => names.reduce((all, name) => all.addColumn(name, "text"), table);
}
