/** The people in an environment: one user for each email, and a membership for each of their organizations. */

import type { OrganizationUser, Page, PageRequest } from "./objects.ts";

/** A user as the environment knows them; there is none without a membership. */
export interface User {
  readonly id: string;
  readonly environmentId: string;
  readonly email: string;
  readonly externalId?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly createTime: string;
  readonly updateTime: string;
}

export interface Membership {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly roles: readonly string[];
  readonly membershipStatus: OrganizationUser["membershipStatus"];
  /** When the user joined. */
  readonly createTime: string;
  readonly updateTime: string;
}

export interface UserDetails extends User {
  /** The last to be joined first, at most 100. */
  readonly memberships: readonly Membership[];
  /** How many there are. */
  readonly membershipCount: number;
}

/** What is left out stays as it is; `null` removes. */
export interface UserChanges {
  readonly externalId?: string | null | undefined;
  readonly givenName?: string | null | undefined;
  readonly familyName?: string | null | undefined;
}

export interface RemovedUser {
  /** As the organization last saw them. */
  readonly user: OrganizationUser;
  /** Whether the user is deleted, because this was their only organization. */
  readonly deleted: boolean;
}

export interface Users {
  /** `search` matches a part of the email, case-insensitively, or a whole external id or id. Newest first. */
  listUsers(
    environmentId: string,
    page: PageRequest & { readonly search?: string | undefined },
  ): Promise<Page<User>>;
  getUser(environmentId: string, userId: string): Promise<UserDetails>;
  /** Every organization of the user sees the change. `conflict` when `externalId` is taken in the environment. */
  updateUser(environmentId: string, userId: string, changes: UserChanges): Promise<UserDetails>;

  getOrganizationUser(
    environmentId: string,
    organizationId: string,
    userId: string,
  ): Promise<OrganizationUser>;
  /** Takes the place of all roles that the user has in this organization. */
  setOrganizationUserRoles(
    environmentId: string,
    organizationId: string,
    userId: string,
    roles: readonly string[],
  ): Promise<OrganizationUser>;
  /** Ends the membership; a user who then belongs to no organization is deleted too. */
  removeOrganizationUser(
    environmentId: string,
    organizationId: string,
    userId: string,
  ): Promise<RemovedUser>;
}
