/** A lock between processes that dies with its holder, also by kill -9: a SQLite file held exclusively. */

import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface FileLock {
  release(): void;
}

/**
 * Takes the lock, or returns `undefined` at once where another holder has it; this process may be that holder.
 *
 * Only SQLite may open the file: POSIX drops a process's locks on a file when it closes any descriptor of it.
 */
export function takeFileLock(path: string): FileLock | undefined {
  return openLock(path, "begin exclusive");
}

/** Whether somebody holds the lock; asks with a shared one, for which whoever takes the lock has to try again. */
export function isFileLocked(path: string): boolean {
  const shared = openLock(path, "select 1 from sqlite_master");
  shared?.release();
  return shared === undefined;
}

function openLock(path: string, statement: string): FileLock | undefined {
  createPrivately(path);
  const database = new DatabaseSync(path);
  try {
    database.exec("pragma busy_timeout = 0");
    // Deno tells the code of an error of a prepared statement only. Nothing is ever written, so a journal would only be
    // left behind.
    for (const sql of ["pragma journal_mode = off", statement]) database.prepare(sql).all();
    held.add(database);
    return {
      release() {
        held.delete(database);
        database.close();
      },
    };
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}

const SQLITE_BUSY = 5;
/** A database that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>();

/** SQLite would create the file readable for everybody. */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}
