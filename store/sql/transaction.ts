/** Transactions that give the same result as one after the other, whatever runs beside them. */

import type { Transaction } from "kysely";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../../errors.ts";
import { CONTENDED } from "./fault.ts";
import type { Database, Schema } from "./schema.ts";

const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 10;

/**
 * Runs work that reads and then writes; the work may run several times, so it must change nothing but the database.
 *
 * SQLite lets one writer in at a time. PostgreSQL lets all in and takes back who got in each other's way (SQLSTATE 40001).
 */
export function serialized<T>(
  db: Database,
  work: (trx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return retrying(() => db.transaction().setIsolationLevel("serializable").execute(work));
}

/** Runs a whole transaction, again after a growing random pause where the database took it back for the sake of another. */
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
