/** Transactions, tried again where the database took one back for the sake of another. */

import type { Transaction } from "kysely";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../../errors.ts";
import { CONTENDED } from "./fault.ts";
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
  return retrying(() => db.transaction().execute(work));
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
