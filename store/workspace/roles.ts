/** The roles of an environment: what they are, and what a backend does with them. */

import { AppError } from "../../errors.ts";
import type { Page, PageRequest } from "./objects.ts";

/** What a membership of an organization may be; memberships name it by `name`. */
export interface Role {
  readonly id: string;
  readonly environmentId: string;
  /** 1 to 64 ASCII letters, digits or underscores; unique in the environment, case-sensitive, never changed. */
  readonly name: string;
  readonly displayName: string;
  /** Empty where none was given. */
  readonly description: string;
  /** Meant for who creates an organization; true for at most one role of the environment, as is `defaultMember`. */
  readonly defaultCreator: boolean;
  /** Meant for who joins an organization without another role. */
  readonly defaultMember: boolean;
  readonly createTime?: string;
  readonly updateTime?: string;
}

export interface CountedRole extends Role {
  /** How many memberships have the role, in all organizations of the environment. */
  readonly membershipCount: number;
}

export interface NewRole {
  readonly name: string;
  readonly displayName: string;
  readonly description?: string | undefined;
  /** Takes the place of the role that is the default now, as does `defaultMember`. */
  readonly defaultCreator?: boolean | undefined;
  readonly defaultMember?: boolean | undefined;
}

/** What is left out stays as it is. */
export interface RoleChanges {
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
}

/** Names of roles; what is left out stays as it is. */
export interface DefaultRoles {
  readonly defaultCreator?: string | undefined;
  readonly defaultMember?: string | undefined;
}

export interface DeletedRole {
  readonly role: Role;
  /** How many memberships got the replacement instead, or lost the role because they had the replacement already. */
  readonly changedMemberships: number;
}

/** The part of the Workspace interface about roles. */
export interface RoleWorkspace {
  /** Oldest first. */
  listEnvironmentRoles(environmentId: string, page: PageRequest): Promise<Page<Role>>;
  getEnvironmentRole(environmentId: string, name: string): Promise<CountedRole>;
  /** `conflict` when the name is taken, or the environment has all the roles it may have. */
  createEnvironmentRole(environmentId: string, input: NewRole): Promise<Role>;
  updateEnvironmentRole(environmentId: string, name: string, changes: RoleChanges): Promise<Role>;
  /**
   * Deletes a role; `replacement` takes its place in memberships and as a default.
   *
   * `conflict` as `assertReplaceable()` says.
   */
  deleteEnvironmentRole(
    environmentId: string,
    name: string,
    replacement?: string,
  ): Promise<DeletedRole>;
  /** Returns the names of the default roles as they are afterwards. */
  setDefaultRoles(environmentId: string, roles: DefaultRoles): Promise<DefaultRoles>;
}

/**
 * Holds that nobody loses a role, and no environment a default, without another role in its place.
 *
 * @throws {AppError} `conflict` for a role that is a default or that memberships have, without a replacement;
 * `invalid_input` for one that would replace itself.
 */
export function assertReplaceable(role: CountedRole, replacement: string | undefined): void {
  if (replacement === role.name) {
    throw new AppError("invalid_input", "The replacement is the role itself; name another role", {
      reason: "replaces_itself",
    });
  }
  const uses = usesOf(role);
  if (replacement !== undefined || uses.length === 0) return;
  throw new AppError(
    "conflict",
    `The role ${role.name} is ${
      uses.join(" and ")
    }; name another role in its place, as replacementRoleName`,
    { reason: "role_in_use" },
  );
}

/** What a role is needed for, in words that go on from "The role x is"; nothing where it can go without a replacement. */
export function usesOf({ defaultCreator, defaultMember, membershipCount }: CountedRole): string[] {
  return [
    ...(defaultCreator ? ["the default of creators"] : []),
    ...(defaultMember ? ["the default of members"] : []),
    ...(membershipCount > 0 ? [`held by memberships (${membershipCount})`] : []),
  ];
}
