/** What the files of the kinds share: the environments' APIs, and the errors that several of them throw. */

import { AppError } from "../../errors.ts";
import type { Api } from "./api.ts";

export interface Context {
  /**
   * The API of an environment.
   *
   * @throws {AppError} `not_found` for one that is not configured.
   */
  of(environmentId: string): Api;
  /** In the order of the configuration. */
  readonly apis: readonly Api[];
  readonly now: () => Date;
}

/** Says that the API lacks something, and what to do instead. */
export function notSupported(what: string, instead: string): AppError {
  return new AppError("not_supported", `The Scalekit API does not offer ${what}; ${instead}`, {
    reason: "scalekit_not_offered",
  });
}

export const IN_DASHBOARD = "a person can do it in the Scalekit dashboard";

export function environmentUnknown(environmentId: string): AppError {
  return new AppError(
    "not_found",
    "The environment does not exist; list the environments to find its id",
    { reason: "environment", details: { environmentId } },
  );
}

export function organizationUnknown(environmentId: string, organizationId: string): AppError {
  return new AppError(
    "not_found",
    "The organization does not exist in this environment; list its organizations to find the id",
    { reason: "organization", details: { environmentId, organizationId } },
  );
}

export function userUnknown(environmentId: string, userId: string): AppError {
  return new AppError(
    "not_found",
    "The environment has no such user; list its users, or those of an organization, to find the id",
    { reason: "user", details: { environmentId, userId } },
  );
}

/** For lists of an environment, whose address is always there. */
export function notThere(): AppError {
  return new AppError(
    "not_supported",
    "The Scalekit API of this environment does not have this; the operator of this server can look whether it is enabled there",
    { reason: "scalekit_not_there" },
  );
}
