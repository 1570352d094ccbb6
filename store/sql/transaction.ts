/** Transactions, tried again where the database took one back for the sake of another. */

import type { Transaction } from "kysely";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../../errors.ts";
import { CONTENDED, storeFault } from "./fault.ts";
import type { Database, Schema } from "./schema.ts";

const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 10;

/**
 * Runs work in a transaction; it may run several times, so it must change nothing but the database.
 *
 * SQLite lets one writer in at a time. PostgreSQL lets all in, each statement seeing what was committed before it: work
 * that decides by what it has read first locks a row that all who decide the same thing lock.
 */
export function transact<T>(
  db: Database,
  work: (trx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return retrying(() => db.transaction().setIsolationLevel("read committed").execute(work));
}

const MOST_WAITING = 500;

/**
 * Lets one at a time through for each key: who waits for a lock in the database would hold a connection meanwhile, and a
 * few of them the whole pool.
 *
 * @throws {AppError} `unavailable` where too many wait.
 */
export function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  let waiting = 0;
  return async (key, work) => {
    if (waiting >= MOST_WAITING) throw storeFault("overloaded");
    waiting++;
    const turn = (last.get(key) ?? Promise.resolve()).then(work);
    // Who comes next does not care how this one ends.
    const ended = turn.catch(() => {});
    last.set(key, ended);
    try {
      return await turn;
    } finally {
      waiting--;
      if (last.get(key) === ended) last.delete(key);
    }
  };
}

/** Runs a whole transaction, again after a growing random pause for as long as it is in the way of others. */
export async function retrying<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      const contended = error instanceof AppError && error.reason === CONTENDED;
      if (!contended || attempt === ATTEMPTS) throw error;
      await delay(Math.random() * FIRST_PAUSE_MS * 2 ** attempt);
    }
  }
}
