/** The roles of an environment. */

import type { Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import { assertReplaceable } from "../workspace/roles.ts";
import type { DefaultRoles, Role, RoleWorkspace } from "../workspace/roles.ts";
import { changeEnvironment, tooMany } from "./environment_change.ts";
import { findEnvironment, findInEnvironment } from "./environments.ts";
import { countMemberships, replaceInMemberships } from "./membership_roles.ts";
import { readPage } from "./page.ts";
import type { Database, Schema, SqlContext } from "./schema.ts";
import { assertStorable } from "./text.ts";

export interface RoleRow {
  id: string;
  environment_id: string;
  name: string;
  display_name: string;
  description: string;
  /** 0 or 1, as not every driver binds booleans. */
  default_creator: number;
  default_member: number;
  create_time: string;
  update_time: string;
}

const MOST_ROLES = 100;
const DEFAULT_COLUMNS = {
  defaultCreator: "default_creator",
  defaultMember: "default_member",
} as const;

export function roles({ db, newId, now }: SqlContext): RoleWorkspace {
  return {
    async listEnvironmentRoles(environmentId, page) {
      await findEnvironment(db, environmentId);
      const query = db
        .selectFrom("environment_roles")
        .selectAll()
        .where("environment_id", "=", environmentId);
      return readPage(query, "environment_roles", page, {
        list: ["roles", environmentId],
        order: "oldest first",
        toItem: toRole,
      });
    },

    getEnvironmentRole: (environmentId, name) => countedRole(db, environmentId, name),

    createEnvironmentRole(environmentId, { name, displayName, description = "", ...defaults }) {
      assertStorable({ name, displayName, description });
      return changeEnvironment(db, environmentId, async (trx) => {
        const known = await roleNames(trx, environmentId);
        if (known.length >= MOST_ROLES) throw tooMany("roles", MOST_ROLES);
        const time = now().toISOString();
        const row = await trx
          .insertInto("environment_roles")
          .values({
            id: newId("role"),
            environment_id: environmentId,
            name,
            display_name: displayName,
            description,
            default_creator: 0,
            default_member: 0,
            create_time: time,
            update_time: time,
          })
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) throw nameTaken();
        await moveDefaults(trx, environmentId, {
          ...(defaults.defaultCreator && { defaultCreator: name }),
          ...(defaults.defaultMember && { defaultMember: name }),
        });
        return toRole(await findRole(trx, environmentId, name));
      });
    },

    async updateEnvironmentRole(environmentId, name, { displayName, description }) {
      assertStorable({ displayName, description });
      const found = await findRole(db, environmentId, name);
      const row = await db
        .updateTable("environment_roles")
        .set({
          ...(displayName !== undefined && { display_name: displayName }),
          ...(description !== undefined && { description }),
          update_time: now().toISOString(),
        })
        .where("id", "=", found.id)
        .returningAll()
        .executeTakeFirst();
      return toRole(row ?? await findRole(db, environmentId, name));
    },

    deleteEnvironmentRole(environmentId, name, replacement) {
      return changeEnvironment(db, environmentId, async (trx) => {
        const role = await countedRole(trx, environmentId, name);
        assertReplaceable(role, replacement);
        let changedMemberships = 0;
        if (replacement !== undefined) {
          await findRole(trx, environmentId, replacement);
          await moveDefaults(trx, environmentId, {
            ...(role.defaultCreator && { defaultCreator: replacement }),
            ...(role.defaultMember && { defaultMember: replacement }),
          });
          changedMemberships = await replaceInMemberships(
            trx,
            environmentId,
            { role: name, replacement },
            now().toISOString(),
          );
        }
        await trx.deleteFrom("environment_roles").where("id", "=", role.id).execute();
        const { membershipCount: _, ...deleted } = role;
        return { role: deleted, changedMemberships };
      });
    },

    setDefaultRoles(environmentId, defaults) {
      return changeEnvironment(db, environmentId, async (trx) => {
        for (const name of [defaults.defaultCreator, defaults.defaultMember]) {
          if (name !== undefined) await findRole(trx, environmentId, name);
        }
        await moveDefaults(trx, environmentId, defaults);
        return await defaultsOf(trx, environmentId);
      });
    },
  };

  /** Of two roles that change, both get the time; a role that is the default already keeps its own. */
  async function moveDefaults(
    trx: Transaction<Schema>,
    environmentId: string,
    defaults: DefaultRoles,
  ): Promise<void> {
    for (const kind of ["defaultCreator", "defaultMember"] as const) {
      const name = defaults[kind];
      if (name === undefined) continue;
      const column = DEFAULT_COLUMNS[kind];
      const change = (value: 0 | 1) =>
        trx
          .updateTable("environment_roles")
          .set({ [column]: value, update_time: now().toISOString() })
          .where("environment_id", "=", environmentId)
          .where("name", value === 1 ? "=" : "!=", name)
          .where(column, "!=", value)
          .execute();
      await change(0);
      await change(1);
    }
  }
}

/** The names of all roles of an environment, oldest first. */
export async function roleNames(db: Database, environmentId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("environment_roles")
    .select("name")
    .where("environment_id", "=", environmentId)
    .orderBy("id")
    .execute();
  return rows.map(({ name }) => name);
}

function findRole(db: Database, environmentId: string, name: string): Promise<RoleRow> {
  return findInEnvironment(
    db,
    { environmentId, key: name },
    db
      .selectFrom("environment_roles")
      .selectAll()
      .where("environment_id", "=", environmentId)
      .where("name", "=", name),
    () =>
      new AppError(
        "not_found",
        "The environment has no role of this name; list its roles to find the name, which is case-sensitive",
        { reason: "role", details: { environmentId, roleName: name } },
      ),
  );
}

async function countedRole(db: Database, environmentId: string, name: string) {
  const role = toRole(await findRole(db, environmentId, name));
  return { ...role, membershipCount: await countMemberships(db, environmentId, name) };
}

async function defaultsOf(db: Database, environmentId: string): Promise<DefaultRoles> {
  const rows = await db
    .selectFrom("environment_roles")
    .selectAll()
    .where("environment_id", "=", environmentId)
    .where(({ or, eb }) => or([eb("default_creator", "=", 1), eb("default_member", "=", 1)]))
    .execute();
  const creator = rows.find(({ default_creator }) => default_creator === 1)?.name;
  const member = rows.find(({ default_member }) => default_member === 1)?.name;
  return {
    ...(creator !== undefined && { defaultCreator: creator }),
    ...(member !== undefined && { defaultMember: member }),
  };
}

function nameTaken(): AppError {
  return new AppError(
    "conflict",
    "The environment has a role of this name; update that one, or choose another name",
    { reason: "role_taken" },
  );
}

function toRole(row: RoleRow): Role {
  return {
    id: row.id,
    environmentId: row.environment_id,
    name: row.name,
    displayName: row.display_name,
    description: row.description,
    defaultCreator: row.default_creator === 1,
    defaultMember: row.default_member === 1,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}
