/** The SQLite dialect: Kysely over `node:sqlite`, and everything that is true of SQLite alone. */

import { closeSync, constants, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely, type SqliteDatabase, SqliteDialect } from "kysely";
import { type Fault, storeFault } from "./fault.ts";
import { MIGRATIONS_TABLE } from "./migrations.ts";
import type { Database, Schema } from "./schema.ts";

export const MEMORY = ":memory:";

/**
 * Opens a database file, or a database in memory; creates the file where there is none, but no table.
 *
 * @throws {AppError} `unavailable` with the fault as its reason.
 */
export function openSqlite(path: string): Database {
  if (path !== MEMORY) createPrivately(path);
  const database = translating(() => new DatabaseSync(path), "unusable");
  try {
    translating(() => prepareConnection(database));
  } catch (error) {
    database.close();
    throw error;
  }
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: adapt(database) }) });
}

/** SQLite would create the file readable for everybody; its -wal and -shm files take over the mode of the file. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  } catch (error) {
    // A refusal of the runtime's own permission system has a name and no code.
    const { code, name } = error as Error & { code?: string };
    throw storeFault(FAULT_OF_SYSTEM_ERROR[code ?? name] ?? "unusable", error);
  }
}

function prepareConnection(database: DatabaseSync): void {
  database.exec("pragma busy_timeout = 5000");
  database.exec("pragma foreign_keys = on");
  refuseForeignTables(database);
  // Readers never wait for the writer, nor one process for the other's reads.
  database.exec("pragma journal_mode = wal");
  // In WAL mode NORMAL cannot corrupt the file; a power cut may only take back the last moments' commits, in return for
  // no disk flush at each of them.
  database.exec("pragma synchronous = normal");
}

/** A mistyped location must not put our tables into another program's database. */
function refuseForeignTables(database: DatabaseSync): void {
  const tables = database.prepare("select name from sqlite_master where type = 'table'").all();
  if (tables.length > 0 && !tables.some(({ name }) => name === MIGRATIONS_TABLE)) {
    throw storeFault("foreign_tables");
  }
}

/** Kysely's dialect is written for better-sqlite3; this gives it that shape. */
function adapt(database: DatabaseSync): SqliteDatabase {
  return {
    prepare(sql) {
      // Every transaction here writes. Taking the write lock at its start makes it wait for its turn; a reader that turns
      // writer later is refused at once when another process has written in between.
      const statement = translating(() =>
        database.prepare(sql === "begin" ? "begin immediate" : sql)
      );
      return {
        reader: statement.columns().length > 0,
        all: (values) => translating(() => statement.all(...values as SQLInputValue[])),
        run: (values) => translating(() => statement.run(...values as SQLInputValue[])),
        iterate: (values) => statement.iterate(...values as SQLInputValue[]),
      };
    },
    close() {
      try {
        // Passive: a checkpoint that waits for readers of other processes would hold up the stop.
        database.exec("pragma wal_checkpoint(passive)");
      } finally {
        database.close();
      }
    },
  };
}

/** Restates a failure of the database as a fault; any other error is a mistake of ours and stays what it is. */
function translating<T>(action: () => T, otherwise?: Fault): T {
  try {
    return action();
  } catch (error) {
    // The low byte is the primary code (sqlite.org/rescode.html), the rest says more than we need.
    const primaryCode = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
    const fault = FAULT_OF_SQLITE_CODE[primaryCode] ?? otherwise;
    throw fault === undefined ? error : storeFault(fault, error);
  }
}

const FAULT_OF_SQLITE_CODE: Readonly<Record<number, Fault>> = {
  5: "locked",
  8: "no_permission",
  10: "disk_error",
  11: "damaged",
  13: "disk_full",
  14: "no_permission",
  26: "not_a_database",
};

const FAULT_OF_SYSTEM_ERROR: Readonly<Record<string, Fault>> = {
  ENOENT: "no_directory",
  ENOTDIR: "no_directory",
  EISDIR: "is_directory",
  EACCES: "no_permission",
  EPERM: "no_permission",
  EROFS: "no_permission",
  NotCapable: "no_permission",
  ENOSPC: "disk_full",
};
