/** The workspace that the tools work on: its objects and the one interface every backend implements. */

import type { AdminPortalLinkWorkspace } from "./workspace/admin_portal_links.ts";
import type { ConnectedAccountWorkspace } from "./workspace/connected_accounts.ts";
import type { ConnectionWorkspace } from "./workspace/connections.ts";
import type { McpServers } from "./workspace/mcp_servers.ts";
import type {
  Environment,
  Feature,
  ImportedRow,
  NewOrganization,
  NewOrganizationUser,
  Organization,
  OrganizationUser,
  Page,
  PageRequest,
  WorkspaceMember,
} from "./workspace/objects.ts";
import type { OrganizationLifecycle } from "./workspace/organization_changes.ts";
import type { Users } from "./workspace/users.ts";
import type { MemberLifecycle } from "./workspace/workspace_member_changes.ts";
import type { EnvironmentClientWorkspace } from "./workspace/environment_client.ts";
import type { RoleWorkspace } from "./workspace/roles.ts";
import type { ScopeWorkspace } from "./workspace/scopes.ts";

export type * from "./workspace/objects.ts";

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
