/** The users of an organization: one row a person in an environment, one membership for each organization. */

import type { Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import type {
  ImportedRow,
  NewOrganizationUser,
  OrganizationUser,
  Workspace,
} from "../workspace.ts";
import { lockEnvironment } from "./environments.ts";
import { assertKnownRoles } from "./membership_roles.ts";
import { findOrganization } from "./organizations.ts";
import { readPage } from "./page.ts";
import { roleNames } from "./roles.ts";
import type { MembershipRow, Schema, SqlContext, UserRow } from "./schema.ts";
import { assertStorable, emailKey } from "./text.ts";
import { createTurns, transact } from "./transaction.ts";

export function organizationUsers({ db, newId, now }: SqlContext): Pick<
  Workspace,
  "listOrganizationUsers" | "createOrganizationUser" | "importOrganizationUsers"
> {
  const inTurn = createTurns();
  return {
    async listOrganizationUsers(environmentId, organizationId, page) {
      await findOrganization(db, environmentId, organizationId);
      const query = db
        .selectFrom("memberships")
        .innerJoin("users", "users.id", "memberships.user_id")
        .select(["email", "external_id", "given_name", "family_name"])
        .selectAll("memberships")
        .where("organization_id", "=", organizationId);
      return readPage(query, "memberships", page, {
        list: ["users", environmentId, organizationId],
        order: "newest first",
        toItem: (row) => toOrganizationUser(row, row),
      });
    },

    createOrganizationUser(environmentId, organizationId, input) {
      return changing(environmentId, organizationId, async (trx) => {
        assertKnownRoles(await roleNames(trx, environmentId), input.roles);
        return await addUser(trx, environmentId, organizationId, input);
      });
    },

    importOrganizationUsers(environmentId, organizationId, rows) {
      return changing(environmentId, organizationId, async (trx) => {
        const knownRoles = await roleNames(trx, environmentId);
        const added = new Map<string, number>();
        const results: ImportedRow[] = [];
        for (const { row, user: input } of rows) {
          const { email } = input;
          const earlier = added.get(emailKey(email));
          try {
            if (earlier !== undefined) throw repeatedEmail(earlier);
            assertKnownRoles(knownRoles, input.roles);
            const user = await addUser(trx, environmentId, organizationId, input);
            added.set(emailKey(email), row);
            results.push({ row, email, user });
          } catch (error) {
            if (!isRefusal(error)) throw error;
            results.push({ row, email, error: { code: error.code, message: error.message } });
          }
        }
        return results;
      });
    },
  };

  /** Runs one change of an environment's users after the other, in this process and in all. */
  async function changing<T>(
    environmentId: string,
    organizationId: string,
    work: (trx: Transaction<Schema>) => Promise<T>,
  ): Promise<T> {
    await findOrganization(db, environmentId, organizationId);
    return await inTurn(environmentId, () =>
      transact(db, async (trx) => {
        await lockEnvironment(trx, environmentId);
        // It may have been deleted while this waited.
        await findOrganization(trx, environmentId, organizationId);
        return await work(trx);
      }));
  }

  /** A refusal leaves nothing behind, so that an import can go on in the same transaction. */
  async function addUser(
    trx: Transaction<Schema>,
    environmentId: string,
    organizationId: string,
    input: NewOrganizationUser,
  ): Promise<OrganizationUser> {
    // Insert, then look: of two instances that add the same email at once, the second finds what the first has written.
    const user = await insertUser(trx, environmentId, input) ??
      await findByEmail(trx, environmentId, input.email);
    if (user === undefined) throw userExternalIdTaken();
    if (input.externalId !== undefined && user.external_id !== input.externalId) {
      throw otherExternalId();
    }
    const time = now().toISOString();
    const membership = await trx
      .insertInto("memberships")
      .values({
        id: newId("msh"),
        organization_id: organizationId,
        user_id: user.id,
        roles: JSON.stringify(input.roles),
        // Nothing is sent that a person would have to accept.
        status: "ACTIVE",
        create_time: time,
        update_time: time,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (membership === undefined) throw alreadyMember();
    return toOrganizationUser(user, membership);
  }

  function insertUser(
    trx: Transaction<Schema>,
    environmentId: string,
    { email, externalId, givenName, familyName }: NewOrganizationUser,
  ): Promise<UserRow | undefined> {
    assertStorable({ email, externalId, givenName, familyName });
    const time = now().toISOString();
    return trx
      .insertInto("users")
      .values({
        id: newId("usr"),
        environment_id: environmentId,
        email,
        email_key: emailKey(email),
        external_id: externalId ?? null,
        given_name: givenName ?? null,
        family_name: familyName ?? null,
        create_time: time,
        update_time: time,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
  }
}

function findByEmail(
  trx: Transaction<Schema>,
  environmentId: string,
  email: string,
): Promise<UserRow | undefined> {
  return trx
    .selectFrom("users")
    .selectAll()
    .where("environment_id", "=", environmentId)
    .where("email_key", "=", emailKey(email))
    .executeTakeFirst();
}

/** Whether the input is at fault; anything else, such as a full disk, ends the import. */
function isRefusal(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === "conflict" || error.code === "invalid_input");
}

export function userExternalIdTaken(): AppError {
  return new AppError(
    "conflict",
    "The externalId belongs to another user of this environment; choose another one",
    { reason: "external_id_taken" },
  );
}

function otherExternalId(): AppError {
  return new AppError(
    "conflict",
    "The email belongs to a user without this externalId; leave externalId out to add that user",
    { reason: "external_id_differs" },
  );
}

function alreadyMember(): AppError {
  return new AppError("conflict", "The user is a member of the organization already", {
    reason: "member_already",
  });
}

function repeatedEmail(earlierRow: number): AppError {
  return new AppError("conflict", `The email is that of row ${earlierRow}, which was added`, {
    reason: "email_repeated",
  });
}

export function toOrganizationUser(
  user: Pick<UserRow, "email" | "external_id" | "given_name" | "family_name">,
  membership: MembershipRow,
): OrganizationUser {
  return {
    id: membership.user_id,
    organizationId: membership.organization_id,
    email: user.email,
    ...(user.external_id !== null && { externalId: user.external_id }),
    ...(user.given_name !== null && { givenName: user.given_name }),
    ...(user.family_name !== null && { familyName: user.family_name }),
    roles: JSON.parse(membership.roles),
    membershipStatus: membership.status,
    createTime: membership.create_time,
    updateTime: membership.update_time,
  };
}
