/** The environments of the workspace. */

import { AppError } from "../../errors.ts";
import type { Environment, Workspace } from "../workspace.ts";
import { readPage } from "./page.ts";
import type { Database, EnvironmentRow, SqlContext } from "./schema.ts";
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
