/** The roles that memberships have: the names in their lists, held against the roles of the environment. */

import { type Expression, sql, type SqlBool, type Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import type { Database, Schema } from "./schema.ts";

/**
 * Holds that every role exists in the environment.
 *
 * @throws {AppError} `invalid_input` naming the one that does not, and those that do.
 */
export function assertKnownRoles(known: readonly string[], given: readonly string[]): void {
  const unknown = given.find((role) => !known.includes(role));
  if (unknown === undefined) return;
  throw new AppError(
    "invalid_input",
    `The environment has no role ${JSON.stringify(unknown.slice(0, MOST_CHARACTERS))}; ` +
      `${knownRoles(known)}, or create the role first`,
    { reason: "role_unknown" },
  );
}

/** How many memberships in the organizations of the environment have the role. */
export async function countMemberships(
  db: Database,
  environmentId: string,
  role: string,
): Promise<number> {
  const { count } = await db
    .selectFrom("memberships")
    .where("organization_id", "in", organizationsOf(db, environmentId))
    .where(({ ref }) => names(ref("roles"), role))
    .select(({ fn }) => fn.countAll().as("count"))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Puts one role in the place of another wherever memberships have it, and returns how many had. */
export async function replaceInMemberships(
  trx: Transaction<Schema>,
  environmentId: string,
  { role, replacement }: { readonly role: string; readonly replacement: string },
  updateTime: string,
): Promise<number> {
  const organizations = organizationsOf(trx, environmentId);
  const combinations = await trx
    .selectFrom("memberships")
    .select("roles")
    .distinct()
    .where("organization_id", "in", organizations)
    .where(({ ref }) => names(ref("roles"), role))
    .execute();
  let changed = 0;
  for (const { roles } of combinations) {
    const before: string[] = JSON.parse(roles);
    const after = new Set(before.map((name) => name === role ? replacement : name));
    const { numUpdatedRows } = await trx
      .updateTable("memberships")
      .set({ roles: JSON.stringify([...after]), update_time: updateTime })
      .where("organization_id", "in", organizations)
      .where("roles", "=", roles)
      .executeTakeFirst();
    changed += Number(numUpdatedRows);
  }
  return changed;
}

/** An environment may have more roles than a sentence can name. */
const MOST_NAMED = 20;
const MOST_CHARACTERS = 64;

function knownRoles(known: readonly string[]): string {
  if (known.length === 0) return "it has none";
  const more = known.length - MOST_NAMED;
  return `take from ${known.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function organizationsOf(db: Database, environmentId: string) {
  return db.selectFrom("organizations").select("id").where("environment_id", "=", environmentId);
}

/** Whether a list of role names in JSON has the name; LIKE would not do, as SQLite compares it without regard to case. */
function names(roles: Expression<string>, role: string): Expression<SqlBool> {
  return sql<SqlBool>`replace(${roles}, ${JSON.stringify(role)}, '') <> ${roles}`;
}
