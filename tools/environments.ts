/** What the tools about environments have in common: the objects they return, and words for what a person is asked. */

import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Workspace } from "../store/workspace.ts";
import { times } from "./objects.ts";

export const role = z.object({
  id: z.string(),
  environmentId: z.string(),
  name: z.string().describe("Takes the place of roleName, and stands in roles of users"),
  displayName: z.string(),
  description: z.string().describe("Empty where none was given"),
  defaultCreator: z.boolean().describe("Meant for who creates an organization; one role is"),
  defaultMember: z.boolean().describe("Meant for who joins without another role; one role is"),
  ...times,
});

export const scope = z.object({
  id: z.string(),
  environmentId: z.string(),
  name: z.string().describe("Takes the place of scopeName"),
  description: z.string().describe("Empty where none was given"),
  enabled: z.boolean().describe("Whether applications get tokens with it"),
  ...times,
});

export const redirect = z.object({
  kind: z.enum(["REDIRECT", "POST_LOGOUT_REDIRECT"])
    .describe("REDIRECT after a sign-in, POST_LOGOUT_REDIRECT after a sign-out"),
  uri: z.string(),
  createTime: z.string().describe("RFC 3339"),
});

/** The names of default roles; both are there in every environment that has roles. */
export const defaultRoles = z.object({
  defaultCreator: z.string().describe("Name of the role of who creates an organization").optional(),
  defaultMember: z.string().describe("Name of the role of who joins without another").optional(),
});

const secretShape = {
  id: z.string().describe("Takes the place of secretId"),
  secretSuffix: z.string().describe("The last four characters, to tell secrets apart"),
  status: z.enum(["ACTIVE", "INACTIVE"]).describe("INACTIVE from expireTime on"),
  createTime: z.string().describe("RFC 3339"),
  expireTime: z.string().describe("RFC 3339; absent when it does not expire").optional(),
  lastUsedTime: z.string().describe("RFC 3339; absent when no use is known").optional(),
};

/** A secret as it can be shown at any time. */
export const clientSecret = z.object(secretShape);

/** A secret with itself, for the one answer that holds it. */
export const newClientSecret = z.object({
  secret: z.string().describe("The secret in clear: it is in this answer and nowhere else"),
  clientId: z.string(),
  ...secretShape,
});

/** The environment in a question, with what makes a difference to who answers it: `Production (PRD)`. */
export async function nameEnvironment(
  workspace: Workspace,
  environmentId: string,
): Promise<string> {
  const { displayName, type } = await workspace.getEnvironment(environmentId);
  return `${displayName} (${type})`;
}

/**
 * The initiate-login URI of the environment.
 *
 * @throws {AppError} `not_found` where none is set.
 */
export async function currentInitiateLoginUri(
  workspace: Workspace,
  environmentId: string,
): Promise<string> {
  const { initiateLoginUri } = await workspace.getEnvironmentClient(environmentId);
  if (initiateLoginUri !== undefined) return initiateLoginUri;
  throw new AppError(
    "not_found",
    "The environment has no initiate-login URI; nothing has to be done",
    { reason: "initiate_login_uri" },
  );
}
