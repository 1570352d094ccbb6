/** The workspace that the tools work on: its objects and the one interface every backend implements. */

import type { AdminPortalLinkWorkspace } from "./workspace/admin_portal_links.ts";
import type { ConnectedAccountWorkspace } from "./workspace/connected_accounts.ts";
import type { ConnectionWorkspace } from "./workspace/connections.ts";
import type { McpServers } from "./workspace/mcp_servers.ts";
import type { OrganizationLifecycle } from "./workspace/organization_changes.ts";
import type { Users } from "./workspace/users.ts";
import type { MemberLifecycle } from "./workspace/workspace_member_changes.ts";
import type { EnvironmentClientWorkspace } from "./workspace/environment_client.ts";
import type { RoleWorkspace } from "./workspace/roles.ts";
import type { ScopeWorkspace } from "./workspace/scopes.ts";

/** One page of a list; without `nextPageToken` it is the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly totalSize: number;
  /** Opaque; valid for the same list and filter only. */
  readonly nextPageToken?: string;
}

export interface PageRequest {
  /** 1 to 100. */
  readonly pageSize: number;
  readonly pageToken?: string | undefined;
}

export interface Environment {
  readonly id: string;
  readonly displayName: string;
  readonly type: "DEV" | "PRD";
  readonly regionCode?: "US" | "EU";
  readonly domain: string;
  readonly customDomain?: string;
  readonly customDomainStatus?: "PENDING" | "ACTIVE" | "FAILED" | "INITIAL";
  /** RFC 3339, as all times here. Absent where the backend does not tell, as in all objects that may lack times. */
  readonly createTime?: string;
  readonly updateTime?: string;
}

export interface Feature {
  readonly name: "sso" | "dir_sync";
  readonly enabled: boolean;
}

export interface Organization {
  readonly id: string;
  readonly environmentId: string;
  readonly displayName: string;
  readonly externalId?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly settings: { readonly features: readonly Feature[] };
  readonly createTime: string;
  readonly updateTime: string;
}

export interface NewOrganization {
  readonly displayName: string;
  readonly externalId?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A user as one organization sees them. */
export interface OrganizationUser {
  readonly id: string;
  readonly organizationId: string;
  readonly email: string;
  readonly externalId?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly roles: readonly string[];
  readonly membershipStatus: "ACTIVE" | "INACTIVE" | "PENDING_INVITE" | "INVITE_EXPIRED";
  /** When the user joined this organization. */
  readonly createTime: string;
  readonly updateTime: string;
}

export interface NewOrganizationUser {
  readonly email: string;
  readonly roles: readonly string[];
  readonly externalId?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
}

/** What became of one row of an import: the user, or why it was refused. */
export type ImportedRow =
  | { readonly row: number; readonly email: string; readonly user: OrganizationUser }
  | {
    readonly row: number;
    readonly email: string;
    readonly error: { readonly code: string; readonly message: string };
  };

export interface WorkspaceMember {
  readonly id: string;
  readonly email: string;
  readonly role: "ADMIN" | "USER";
  readonly status: "ACTIVE" | "PENDING_INVITE";
  readonly createTime?: string;
  readonly updateTime?: string;
}

/**
 * The workspace a backend serves; one contract test suite runs against each backend.
 *
 * Every method throws `AppError` with `not_found` for an id that does not exist in the given environment or
 * organization, `conflict` where a unique value is taken, and `invalid_input` for a page token it did not issue.
 */
export interface Workspace
  extends
    AdminPortalLinkWorkspace,
    ConnectedAccountWorkspace,
    ConnectionWorkspace,
    EnvironmentClientWorkspace,
    McpServers,
    MemberLifecycle,
    OrganizationLifecycle,
    RoleWorkspace,
    ScopeWorkspace,
    Users {
  /** Oldest first. */
  listEnvironments(page: PageRequest): Promise<Page<Environment>>;
  getEnvironment(environmentId: string): Promise<Environment>;

  /** `search` matches display name, external id and id, case-insensitively. Newest first. */
  listOrganizations(
    environmentId: string,
    page: PageRequest & { readonly search?: string | undefined },
  ): Promise<Page<Organization>>;
  getOrganization(environmentId: string, organizationId: string): Promise<Organization>;
  /** `conflict` when `externalId` is taken in the environment. */
  createOrganization(environmentId: string, input: NewOrganization): Promise<Organization>;
  /** Sets the named features and leaves the others as they are. */
  updateOrganizationSettings(
    environmentId: string,
    organizationId: string,
    features: readonly Feature[],
  ): Promise<Organization>;

  /** The last to join first. */
  listOrganizationUsers(
    environmentId: string,
    organizationId: string,
    page: PageRequest,
  ): Promise<Page<OrganizationUser>>;
  /**
   * Adds a user to an organization; a user whose email the environment knows already joins with the same id.
   *
   * Joining changes nothing that other organizations see: a known user keeps email, names and external id.
   * `invalid_input` for a role that the environment does not have, naming those it has.
   * `conflict` when the user is a member already or `externalId` is taken in the environment; also when a known user has
   * another `externalId`, or none.
   */
  createOrganizationUser(
    environmentId: string,
    organizationId: string,
    input: NewOrganizationUser,
  ): Promise<OrganizationUser>;
  /** Adds one batch of users in one transaction; a row that cannot be added is reported and does not stop the others. */
  importOrganizationUsers(
    environmentId: string,
    organizationId: string,
    rows: readonly { readonly row: number; readonly user: NewOrganizationUser }[],
  ): Promise<readonly ImportedRow[]>;

  /** Oldest first. */
  listWorkspaceMembers(page: PageRequest): Promise<Page<WorkspaceMember>>;
  /** `conflict` when the email is a member or invited already. */
  inviteWorkspaceMember(
    input: { readonly email: string; readonly role: "ADMIN" | "USER" },
  ): Promise<WorkspaceMember>;
}
