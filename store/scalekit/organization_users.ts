/** The users of an organization: who joins it, one by one or many. */

import { AppError } from "../../errors.ts";
import { assertStorable, emailKey } from "../text.ts";
import type {
  ImportedRow,
  NewOrganizationUser,
  OrganizationUser,
  Workspace,
} from "../workspace.ts";
import { type Api, path } from "./api.ts";
import { type Context, organizationUnknown } from "./context.ts";
import { findOrganization } from "./organizations.ts";
import { readRemotePage, remotePage } from "./page.ts";
import { explainUnknownRoles } from "./role_names.ts";
import { toOrganizationUser } from "./user_values.ts";
import { findUserByEmail } from "./users.ts";
import { type Json, objectIn, strangeAnswer, textIn } from "./values.ts";

export function organizationUsers({ of }: Context): Pick<
  Workspace,
  "listOrganizationUsers" | "createOrganizationUser" | "importOrganizationUsers"
> {
  return {
    async listOrganizationUsers(environmentId, organizationId, page) {
      const api = of(environmentId);
      return await readRemotePage({
        list: ["users", environmentId, organizationId],
        sizes: { min: 1, max: 100 },
        read: async (their) =>
          remotePage(
            await api.call({
              method: "GET",
              path: path`/organizations/${organizationId}/users`,
              query: their,
              missing: () => organizationUnknown(environmentId, organizationId),
            }),
            "users",
            (value) => memberIn(value, organizationId),
          ),
      }, page);
    },

    createOrganizationUser: async (environmentId, organizationId, input) =>
      await addUser(of(environmentId), organizationId, input),

    async importOrganizationUsers(environmentId, organizationId, rows) {
      const api = of(environmentId);
      await findOrganization(api, organizationId);
      const added = new Map<string, number>();
      const results: ImportedRow[] = [];
      const stopAt = performance.now() + IMPORT_MS;
      let stopped: AppError | undefined;
      // One after the other: rows of one batch may name the same person.
      for (const { row, user: input } of rows) {
        const { email } = input;
        const earlier = added.get(emailKey(email));
        try {
          if (stopped || performance.now() > stopAt) throw notTried(stopped);
          if (earlier !== undefined) throw repeatedEmail(earlier);
          const user = await addUser(api, organizationId, input);
          added.set(emailKey(email), row);
          results.push({ row, email, user });
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          // What was added before must be told, so a failure of the API is not thrown.
          if (!ROW_REFUSALS.has(error.code)) stopped ??= error;
          results.push({ row, email, error: { code: error.code, message: error.message } });
        }
      }
      return results;
    },
  };
}

/** How long a batch may take, so that its answer is there before the call is given up. */
const IMPORT_MS = 25_000;
/** What says something about one row and nothing about the next. */
const ROW_REFUSALS = new Set(["conflict", "invalid_input", "not_found"]);

/** Who is deleted between two of the calls is added as if they had never been there. */
async function addUser(
  api: Api,
  organizationId: string,
  input: NewOrganizationUser,
): Promise<OrganizationUser> {
  return await tryToAdd(api, organizationId, input) ??
    await tryToAdd(api, organizationId, input) ??
    raise(
      conflict(
        "The user is being changed by somebody else; look at the users, then repeat the call",
      ),
    );
}

function raise(error: AppError): never {
  throw error;
}

async function tryToAdd(
  api: Api,
  organizationId: string,
  input: NewOrganizationUser,
): Promise<OrganizationUser | undefined> {
  const { email, externalId, roles, givenName, familyName } = input;
  assertStorable({ email, externalId, givenName, familyName });
  try {
    const body = await api.call({
      method: "POST",
      path: path`/organizations/${organizationId}/users`,
      // Their default is to write to the person.
      query: { send_invitation_email: false },
      body: {
        email,
        ...(externalId !== undefined && { external_id: externalId }),
        membership: { roles: roles.map((name) => ({ name })) },
        user_profile: {
          ...(givenName !== undefined && { given_name: givenName }),
          ...(familyName !== undefined && { family_name: familyName }),
        },
      },
      missing: () => organizationUnknown(api.environment.id, organizationId),
    });
    return memberIn(objectIn(body, "user"), organizationId);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === "invalid_input") throw await explainUnknownRoles(api, roles, error);
    if (error.code !== "conflict") throw error;
    return await join(api, organizationId, input, error);
  }
}

/** The email, or the external id, is known to the environment: a known person joins as who they are. */
async function join(
  api: Api,
  organizationId: string,
  { email, externalId, roles }: NewOrganizationUser,
  { details }: AppError,
): Promise<OrganizationUser | undefined> {
  const user = await findUserByEmail(api, email);
  if (user === undefined) {
    if (externalId === undefined) return undefined;
    throw conflict(
      "The externalId belongs to another user of this environment; choose another one",
      details,
    );
  }
  const userId = textIn(user, "id");
  if (toOrganizationUser(user, organizationId)) {
    throw conflict(
      "The user is a member of this organization already; nothing was changed",
      details,
    );
  }
  if (externalId !== undefined && textIn(user, "external_id") !== externalId) {
    throw conflict(
      "The environment knows a user with this email under another externalId, or none; leave externalId out",
      details,
    );
  }
  try {
    const body = await api.call({
      method: "POST",
      path: path`/memberships/organizations/${organizationId}/users/${userId}`,
      query: { send_invitation_email: false },
      body: { roles: roles.map((name) => ({ name })) },
      missing: () => organizationUnknown(api.environment.id, organizationId),
    });
    return memberIn(objectIn(body, "user"), organizationId);
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return undefined;
    throw error;
  }
}

/** @throws {AppError} `unavailable` for a user of an organization that does not say so. */
export function memberIn(user: Json, organizationId: string): OrganizationUser {
  const member = toOrganizationUser(user, organizationId);
  if (member === undefined) throw strangeAnswer("a user without the membership");
  return member;
}

function conflict(message: string, details?: Record<string, unknown>): AppError {
  return new AppError("conflict", message, {
    reason: "user_conflict",
    ...(details && { details }),
  });
}

function repeatedEmail(row: number): AppError {
  return new AppError("conflict", `The email is the same as in row ${row} of this import`, {
    reason: "repeated_email",
  });
}

function notTried(failure: AppError | undefined): AppError {
  const why = failure ? "a row before it failed" : "the Scalekit API is slow";
  return new AppError(
    failure?.code ?? "timeout",
    `Not tried, since ${why}; import this row again later`,
    { reason: "not_tried" },
  );
}
