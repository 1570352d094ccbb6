/** The scopes of an environment. */

import { AppError } from "../../errors.ts";
import type { Scope, ScopeWorkspace } from "../workspace/scopes.ts";
import { changeEnvironment, tooMany } from "./environment_change.ts";
import { findEnvironment, findInEnvironment } from "./environments.ts";
import { readPage } from "./page.ts";
import type { Database, SqlContext } from "./schema.ts";
import { assertStorable } from "./text.ts";

export interface ScopeRow {
  id: string;
  environment_id: string;
  name: string;
  description: string;
  /** 0 or 1, as not every driver binds booleans. */
  enabled: number;
  create_time: string;
  update_time: string;
}

const MOST_SCOPES = 100;

export function scopes({ db, newId, now }: SqlContext): ScopeWorkspace {
  return {
    async listEnvironmentScopes(environmentId, page) {
      await findEnvironment(db, environmentId);
      const query = db
        .selectFrom("environment_scopes")
        .selectAll()
        .where("environment_id", "=", environmentId);
      return readPage(query, "environment_scopes", page, {
        list: ["scopes", environmentId],
        order: "oldest first",
        toItem: toScope,
      });
    },

    async getEnvironmentScope(environmentId, name) {
      return toScope(await findScope(db, environmentId, name));
    },

    createEnvironmentScope(environmentId, { name, description = "" }) {
      assertStorable({ name, description });
      return changeEnvironment(db, environmentId, async (trx) => {
        const { count } = await trx
          .selectFrom("environment_scopes")
          .where("environment_id", "=", environmentId)
          .select(({ fn }) => fn.countAll().as("count"))
          .executeTakeFirstOrThrow();
        if (Number(count) >= MOST_SCOPES) throw tooMany("scopes", MOST_SCOPES);
        const time = now().toISOString();
        const row = await trx
          .insertInto("environment_scopes")
          .values({
            id: newId("scp"),
            environment_id: environmentId,
            name,
            description,
            enabled: 1,
            create_time: time,
            update_time: time,
          })
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst();
        if (row) return toScope(row);
        throw new AppError(
          "conflict",
          "The environment has a scope of this name; update that one, or choose another name",
          { reason: "scope_taken" },
        );
      });
    },

    async updateEnvironmentScope(environmentId, name, { description, enabled }) {
      assertStorable({ description });
      const found = await findScope(db, environmentId, name);
      const row = await db
        .updateTable("environment_scopes")
        .set({
          ...(description !== undefined && { description }),
          ...(enabled !== undefined && { enabled: enabled ? 1 : 0 }),
          update_time: now().toISOString(),
        })
        .where("id", "=", found.id)
        .returningAll()
        .executeTakeFirst();
      return toScope(row ?? await findScope(db, environmentId, name));
    },

    async deleteEnvironmentScope(environmentId, name) {
      const found = await findScope(db, environmentId, name);
      const row = await db
        .deleteFrom("environment_scopes")
        .where("id", "=", found.id)
        .returningAll()
        .executeTakeFirst();
      return toScope(row ?? await findScope(db, environmentId, name));
    },
  };
}

function findScope(db: Database, environmentId: string, name: string): Promise<ScopeRow> {
  return findInEnvironment(
    db,
    { environmentId, key: name },
    db
      .selectFrom("environment_scopes")
      .selectAll()
      .where("environment_id", "=", environmentId)
      .where("name", "=", name),
    () =>
      new AppError(
        "not_found",
        "The environment has no scope of this name; list its scopes to find the name, which is case-sensitive",
        { reason: "scope", details: { environmentId, scopeName: name } },
      ),
  );
}

function toScope(row: ScopeRow): Scope {
  return {
    id: row.id,
    environmentId: row.environment_id,
    name: row.name,
    description: row.description,
    enabled: row.enabled === 1,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
