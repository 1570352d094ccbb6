/** Migration 5: roles, scopes, the client and the redirect URIs of environments. */

import { type CreateTableBuilder, sql, type Transaction } from "kysely";
import { createIds } from "../ids.ts";
import type { Schema } from "../schema.ts";

/** Creates the tables, and gives environments that are there already what each environment has. */
export async function createEnvironmentAccess(db: Transaction<Schema>): Promise<void> {
  await belongings(db, "environment_roles")
    .$call(texts("name", "display_name", "description", "create_time", "update_time"))
    .addColumn("default_creator", "integer", (column) => column.notNull())
    .addColumn("default_member", "integer", (column) => column.notNull())
    .addUniqueConstraint("environment_roles_name", ["environment_id", "name"])
    .execute();

  await belongings(db, "environment_scopes")
    .$call(texts("name", "description", "create_time", "update_time"))
    .addColumn("enabled", "integer", (column) => column.notNull())
    .addUniqueConstraint("environment_scopes_name", ["environment_id", "name"])
    .execute();

  await belongings(db, "environment_clients")
    .$call(texts("create_time", "update_time"))
    .addColumn("initiate_login_uri", "text")
    .addUniqueConstraint("environment_clients_once", ["environment_id"])
    .execute();

  await db.schema.createTable("environment_client_secrets")
    .$call(texts("id", "client_id", "secret_hash", "secret_suffix", "create_time"))
    .addColumn("expire_time", "text")
    .addColumn("last_used_time", "text")
    .addPrimaryKeyConstraint("environment_client_secrets_pk", ["id"])
    .addForeignKeyConstraint("secrets_client", ["client_id"], "environment_clients", ["id"])
    .execute();
  await db.schema.createIndex("environment_client_secrets_list")
    .on("environment_client_secrets").columns(["client_id", "id"]).execute();

  await belongings(db, "redirect_uris")
    .$call(texts("kind", "uri", "create_time"))
    .addUniqueConstraint("redirect_uris_once", ["environment_id", "kind", "uri"])
    .addCheckConstraint("redirect_uris_kind", sql`kind in ('REDIRECT', 'POST_LOGOUT_REDIRECT')`)
    .execute();

  for (const table of ["environment_roles", "environment_scopes", "redirect_uris"]) {
    await db.schema.createIndex(`${table}_list`)
      .on(table).columns(["environment_id", "id"]).execute();
  }
  await fill(db);
}

/** Until now a role was whatever a membership named, and every environment could be used without a client. */
async function fill(db: Transaction<Schema>): Promise<void> {
  const environments = await db.selectFrom("environments").select(["id", "create_time"]).execute();
  for (const { id: environment_id, create_time } of environments) {
    const newId = createIds(() => new Date(create_time));
    const times = { create_time, update_time: create_time };
    await db
      .insertInto("environment_clients")
      .values({ id: newId("skc"), environment_id, initiate_login_uri: null, ...times })
      .execute();
    for (const name of new Set([...DEFAULTS, ...await rolesInUse(db, environment_id)])) {
      await db
        .insertInto("environment_roles")
        .values({
          id: newId("role"),
          environment_id,
          name,
          display_name: name,
          description: "",
          default_creator: name === CREATOR ? 1 : 0,
          default_member: name === MEMBER ? 1 : 0,
          ...times,
        })
        .execute();
    }
  }
}

const CREATOR = "admin";
const MEMBER = "member";
const DEFAULTS = [CREATOR, MEMBER];

async function rolesInUse(db: Transaction<Schema>, environmentId: string): Promise<string[]> {
  const combinations = await db
    .selectFrom("memberships")
    .innerJoin("organizations", "organizations.id", "memberships.organization_id")
    .select("memberships.roles")
    .distinct()
    .where("organizations.environment_id", "=", environmentId)
    .execute();
  return combinations.flatMap(({ roles }) => JSON.parse(roles) as string[]).sort();
}

type Table = CreateTableBuilder<string, string>;

/** A table of what belongs to environments, with its ids. */
function belongings(db: Transaction<Schema>, name: string): Table {
  return texts("id", "environment_id")(db.schema.createTable(name))
    .addPrimaryKeyConstraint(`${name}_pk`, ["id"])
    .addForeignKeyConstraint(`${name}_environment`, ["environment_id"], "environments", ["id"]);
}

function texts(...names: string[]): (table: Table) => Table {
  return (table) =>
    names.reduce((all, name) => all.addColumn(name, "text", (column) => column.notNull()), table);
}
