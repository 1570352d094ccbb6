/** Changes of what belongs to one environment, one after the other. */

import type { Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import { findEnvironment, lockEnvironment } from "./environments.ts";
import type { Database, Schema } from "./schema.ts";
import { transact } from "./transaction.ts";

/**
 * Runs work in a transaction that no other change of the environment overlaps, so that it can count and then write.
 *
 * @throws {AppError} `not_found` for an environment that does not exist.
 */
export async function changeEnvironment<T>(
  db: Database,
  environmentId: string,
  work: (trx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  await findEnvironment(db, environmentId);
  return await transact(db, async (trx) => {
    await lockEnvironment(trx, environmentId);
    return await work(trx);
  });
}

/** The refusal of one more where there are as many as there may be; `what` is a plural. */
export function tooMany(what: string, most: number): AppError {
  return new AppError(
    "conflict",
    `The environment has ${most} ${what}, and more are not kept; take one away first`,
    { reason: "too_many" },
  );
}
