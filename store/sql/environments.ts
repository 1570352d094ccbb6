/** The environments of the workspace. */

import type { Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import type { Environment, Workspace } from "../workspace.ts";
import { readPage } from "./page.ts";
import type { Database, EnvironmentRow, Schema, SqlContext } from "./schema.ts";
import { isStorable } from "./text.ts";

export function environments(
  { db }: SqlContext,
): Pick<Workspace, "listEnvironments" | "getEnvironment"> {
  return {
    listEnvironments(page) {
      return readPage(db.selectFrom("environments").selectAll(), "environments", page, {
        list: ["environments"],
        order: "oldest first",
        toItem: toEnvironment,
      });
    },

    async getEnvironment(environmentId) {
      return toEnvironment(await findEnvironment(db, environmentId));
    },
  };
}

/** Reads an environment, or throws `not_found`. */
export async function findEnvironment(
  db: Database,
  environmentId: string,
): Promise<EnvironmentRow> {
  const row = isStorable(environmentId)
    ? await db
      .selectFrom("environments")
      .selectAll()
      .where("id", "=", environmentId)
      .executeTakeFirst()
    : undefined;
  if (row) return row;
  throw new AppError(
    "not_found",
    "The environment does not exist; list the environments to find its id",
    {
      reason: "environment",
      details: { environmentId },
    },
  );
}

/**
 * Reads one object of an environment by `key`, the id or name that its caller knows it by.
 *
 * @throws {AppError} `not_found`: that of the environment where it does not exist, otherwise `missing`.
 */
export async function findInEnvironment<Row>(
  db: Database,
  { environmentId, key }: { readonly environmentId: string; readonly key: string },
  query: { executeTakeFirst(): Promise<Row | undefined> },
  missing: () => AppError,
): Promise<Row> {
  const isAskable = isStorable(environmentId) && isStorable(key);
  const row = isAskable ? await query.executeTakeFirst() : undefined;
  if (row) return row;
  await findEnvironment(db, environmentId);
  throw missing();
}

/**
 * Holds until the end of the transaction what else wants this lock, in any process.
 *
 * Two imports of the same people in another order would otherwise wait for each other's rows for ever. A change that
 * changes nothing is a lock in every SQL dialect; it keeps nobody from adding what refers to the row.
 */
export async function lockEnvironment(
  trx: Transaction<Schema>,
  environmentId: string,
): Promise<void> {
  await trx
    .updateTable("environments")
    .set(({ ref }) => ({ update_time: ref("update_time") }))
    .where("id", "=", environmentId)
    .execute();
}

function toEnvironment(row: EnvironmentRow): Environment {
  return {
    id: row.id,
    displayName: row.display_name,
    type: row.type,
    regionCode: row.region_code,
    domain: row.domain,
    ...(row.custom_domain !== null && { customDomain: row.custom_domain }),
    ...(row.custom_domain_status !== null && { customDomainStatus: row.custom_domain_status }),
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
