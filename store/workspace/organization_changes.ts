/** How organizations change and end. */

import type { Organization } from "./objects.ts";

/** What is left out stays as it is. */
export interface OrganizationChanges {
  readonly displayName?: string | undefined;
  /** `null` removes it. */
  readonly externalId?: string | null | undefined;
  /** Takes the place of all pairs. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** What an organization holds, and what goes with it. */
export interface OrganizationContents {
  readonly users: number;
  /** Those of them that belong to no other organization. */
  readonly usersOfNoOther: number;
  readonly connections: number;
}

export interface DeletedOrganization {
  readonly organization: Organization;
  /** How many memberships ended. */
  readonly users: number;
  /** How many users went with it, because they belonged to no other organization. */
  readonly deletedUsers: number;
}

export interface OrganizationLifecycle {
  /** `conflict` when `externalId` is taken in the environment. */
  updateOrganization(
    environmentId: string,
    organizationId: string,
    changes: OrganizationChanges,
  ): Promise<Organization>;
  getOrganizationContents(
    environmentId: string,
    organizationId: string,
  ): Promise<OrganizationContents>;
  /** Ends the memberships of its users; a user who then belongs to no organization is deleted too. */
  deleteOrganization(environmentId: string, organizationId: string): Promise<DeletedOrganization>;
}
