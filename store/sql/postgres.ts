/** The PostgreSQL dialect: Kysely over `pg`, and everything that is true of PostgreSQL alone. */

import { readFileSync } from "node:fs";
import {
  type ColumnDefinitionNode,
  DataTypeNode,
  Kysely,
  type KyselyPlugin,
  PostgresDialect,
  RawNode,
  sql,
} from "kysely";
// @ts-types="./pg.d.ts"
import pg from "pg";
import type { Client } from "./pg.d.ts";
import { AppError } from "../../errors.ts";
import type { PostgresLocation, PostgresTls } from "../postgres_location.ts";
import { storeFault } from "./fault.ts";
import { type MigrationPlace, MIGRATIONS_TABLE } from "./migrations.ts";
import { adaptPool } from "./postgres_pool.ts";
import type { Database, Schema } from "./schema.ts";

const IDLE_MS = 30_000;
/** A connection is renewed now and then, so that a failover or a changed address is followed. */
const LIFETIME_SECONDS = 1800;
const READER_CONNECTIONS = 2;
/** An index on a large table takes its time, and so does waiting for another process that makes it. */
const MIGRATION_MS = 600_000;

/** Opens a pool; the first query connects. */
export function openPostgres(location: PostgresLocation): Database {
  return open(location, { connections: location.poolSize });
}

/** Opens a pool for what is read beside the store's own work. */
export function openPostgresReader(location: PostgresLocation): Database {
  return open(location, { connections: READER_CONNECTIONS });
}

/**
 * Opens one session that lasts; where it is lost, the next query begins another.
 *
 * `prepare` runs at the beginning of each and the query fails as it does, so what it takes is held by every query.
 */
export function openPostgresSession(
  location: PostgresLocation,
  prepare: (client: Client) => Promise<void>,
): Database {
  return open(location, { connections: 1, lasting: true, prepare });
}

/**
 * Brings the schema up to date through a connection of its own, which may take long.
 *
 * @throws {AppError} `unavailable` with the fault as its reason.
 */
export async function preparePostgres(
  location: PostgresLocation,
  migrate: (db: Database, place: MigrationPlace) => Promise<void>,
): Promise<void> {
  const { schema } = location;
  const db = open(location, { connections: 1, statementTimeoutMs: MIGRATION_MS });
  try {
    await requireOurs(db, schema);
    await migrate(db, {
      hasTable: (db, name) => tableExists(db, schema, name),
      async prepare(trx) {
        // Held to the end of the transaction: of processes that start at once, one migrates and seeds.
        await sql`select pg_advisory_xact_lock(hashtextextended(${`gatehouse:${schema}`}, 0))`
          .execute(trx);
        // `if not exists` would ask for the privilege even where nothing is to be made.
        if (!await schemaExists(trx, schema)) await trx.schema.createSchema(schema).execute();
      },
    });
  } finally {
    await db.destroy();
  }
}

interface PoolOptions {
  readonly connections: number;
  readonly statementTimeoutMs?: number;
  /** Keeps a connection for as long as it is good. */
  readonly lasting?: boolean;
  readonly prepare?: (client: Client) => Promise<void>;
}

function open(location: PostgresLocation, options: PoolOptions): Database {
  const { host, port, user, password, database, schema, applicationName } = location;
  const { connections, statementTimeoutMs = location.statementTimeoutMs } = options;
  const pool = new pg.Pool({
    host,
    port,
    user,
    database,
    password: password ?? missingPassword,
    ssl: location.tls === undefined ? false : tlsOptions(location.tls),
    application_name: applicationName,
    max: connections,
    connectionTimeoutMillis: location.connectTimeoutMs,
    idleTimeoutMillis: options.lasting ? 0 : IDLE_MS,
    maxLifetimeSeconds: options.lasting ? 0 : LIFETIME_SECONDS,
    keepAlive: true,
    // Under `deno serve` the process ends when nothing is left to do.
    allowExitOnIdle: true,
    // The server's own limit comes first; this one is for a server or network that fell silent.
    query_timeout: statementTimeoutMs * 1.2 + 1_000,
    types: { getTypeParser },
    async onConnect(client) {
      await prepareSession(client, statementTimeoutMs);
      await options.prepare?.(client);
    },
  });
  const dialect = new PostgresDialect({ pool: adaptPool(pool, connections) });
  return new Kysely<Schema>({ dialect, plugins: [BYTE_ORDER] }).withSchema(schema);
}

/** Without this, `pg` would look into PGPASSWORD and ~/.pgpass. */
function missingPassword(): never {
  throw storeFault("password_missing");
}

/** Set after the start, as poolers such as PgBouncer refuse parameters in the start packet that they do not know. */
async function prepareSession(client: Client, statementTimeoutMs: number): Promise<void> {
  const settings = {
    statement_timeout: String(statementTimeoutMs),
    idle_in_transaction_session_timeout: String(statementTimeoutMs),
  };
  const names = Object.keys(settings);
  const calls = names.map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, false)`);
  await client.query(`select ${calls.join(", ")}`, Object.entries(settings).flat());
}

const INT8 = pg.types.builtins.INT8;

/** 64-bit integers, which are counts and times here, come as numbers, as they do from SQLite. */
function getTypeParser(oid: number, format?: "text" | "binary") {
  return oid === INT8 ? toSafeNumber : pg.types.getTypeParser(oid, format);
}

function toSafeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new RangeError("A 64-bit integer of the database is too large for a number");
}

/** Text sorts and compares by its bytes, as in SQLite, whatever the collation of the database. */
const BYTE_ORDER: KyselyPlugin = {
  transformQuery({ node }) {
    if (node.kind === "CreateTableNode") return { ...node, columns: node.columns.map(byteOrdered) };
    if (node.kind !== "AlterTableNode" || node.columnAlterations === undefined) return node;
    return {
      ...node,
      columnAlterations: node.columnAlterations.map((alteration) =>
        alteration.kind === "AddColumnNode"
          ? { ...alteration, column: byteOrdered(alteration.column) }
          : alteration
      ),
    };
  },
  transformResult: ({ result }) => Promise.resolve(result),
};

function byteOrdered(column: ColumnDefinitionNode): ColumnDefinitionNode {
  const { dataType } = column;
  if (!DataTypeNode.is(dataType) || dataType.dataType !== "text") return column;
  return { ...column, dataType: RawNode.createWithSql('text collate "C"') };
}

function tlsOptions({ verify, caFile, certificateFile, keyFile }: PostgresTls) {
  return {
    rejectUnauthorized: verify !== "none",
    ...(verify === "ca" && { checkServerIdentity: () => undefined }),
    ...(caFile !== undefined && { ca: readPem("sslrootcert", caFile) }),
    ...(certificateFile !== undefined && { cert: readPem("sslcert", certificateFile) }),
    ...(keyFile !== undefined && { key: readPem("sslkey", keyFile) }),
  };
}

function readPem(parameter: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError("invalid_request", `The file ${path} (${parameter}) cannot be read`, {
      reason: "store_location",
      cause,
    });
  }
}

/** A mistyped location must not put our tables among those of another program. */
async function requireOurs(db: Database, schema: string): Promise<void> {
  const { rows: [settings] } = await sql<{ encoding: string }>`
    select current_setting('server_encoding') as encoding`.execute(db);
  if (settings?.encoding !== "UTF8") throw storeFault("encoding");
  // Tables that came with an extension, such as PostGIS, belong to nobody's program.
  const { rows } = await sql<{ name: string }>`
    select class.relname as name
    from pg_class as class join pg_namespace as namespace on namespace.oid = class.relnamespace
    where namespace.nspname = ${schema} and class.relkind in ('r', 'p', 'f')
      and not exists (
        select from pg_depend as depend
        where depend.classid = 'pg_class'::regclass and depend.objid = class.oid and depend.deptype = 'e'
      )`.execute(db);
  if (rows.length > 0 && !rows.some(({ name }) => name === MIGRATIONS_TABLE)) {
    throw storeFault("foreign_schema");
  }
}

async function schemaExists(db: Database, schema: string): Promise<boolean> {
  const { rows } = await sql`select from pg_namespace where nspname = ${schema}`.execute(db);
  return rows.length > 0;
}

async function tableExists(db: Database, schema: string, table: string): Promise<boolean> {
  const { rows } =
    await sql`select from pg_tables where schemaname = ${schema} and tablename = ${table}`
      .execute(db);
  return rows.length > 0;
}
