/** The manifest: every tool that this server offers, one import a tool. */

import createConnectedAccountMagicLink from "./create_connected_account_magic_link.ts";
import createConnection from "./create_connection.ts";
import createOrganization from "./create_organization.ts";
import createOrganizationUser from "./create_organization_user.ts";
import deleteConnectedAccount from "./delete_connected_account.ts";
import deleteConnection from "./delete_connection.ts";
import disableEnvironmentConnection from "./disable_environment_connection.ts";
import disableOrganizationConnection from "./disable_organization_connection.ts";
import enableEnvironmentConnection from "./enable_environment_connection.ts";
import enableOrganizationConnection from "./enable_organization_connection.ts";
import generateAdminPortalLink from "./generate_admin_portal_link.ts";
import getConnectedAccount from "./get_connected_account.ts";
import getConnection from "./get_connection.ts";
import getEnvironmentDetails from "./get_environment_details.ts";
import getOrganizationDetails from "./get_organization_details.ts";
import importOrganizationUsers from "./import_organization_users.ts";
import inviteWorkspaceMember from "./invite_workspace_member.ts";
import listAuditEvents from "./list_audit_events.ts";
import listConnectedAccounts from "./list_connected_accounts.ts";
import listEnvironmentConnections from "./list_environment_connections.ts";
import listEnvironments from "./list_environments.ts";
import listOrganizationConnections from "./list_organization_connections.ts";
import listOrganizationUsers from "./list_organization_users.ts";
import listOrganizations from "./list_organizations.ts";
import listRevocations from "./list_revocations.ts";
import listWorkspaceMembers from "./list_workspace_members.ts";
import type { AnyToolDefinition } from "./registry.ts";
import restoreAccess from "./restore_access.ts";
import revokeAccess from "./revoke_access.ts";
import revokeAdminPortalLinks from "./revoke_admin_portal_links.ts";
import updateConnection from "./update_connection.ts";
import updateOrganizationSettings from "./update_organization_settings.ts";
import whoami from "./whoami.ts";

/** A value, and not imports for their effect alone, which a bundler may drop without a word. */
export const tools: readonly AnyToolDefinition[] = Object.freeze([
  createConnectedAccountMagicLink,
  createConnection,
  createOrganization,
  createOrganizationUser,
  deleteConnectedAccount,
  deleteConnection,
  disableEnvironmentConnection,
  disableOrganizationConnection,
  enableEnvironmentConnection,
  enableOrganizationConnection,
  generateAdminPortalLink,
  getConnectedAccount,
  getConnection,
  getEnvironmentDetails,
  getOrganizationDetails,
  importOrganizationUsers,
  inviteWorkspaceMember,
  listAuditEvents,
  listConnectedAccounts,
  listEnvironmentConnections,
  listEnvironments,
  listOrganizationConnections,
  listOrganizationUsers,
  listOrganizations,
  listRevocations,
  listWorkspaceMembers,
  restoreAccess,
  revokeAccess,
  revokeAdminPortalLinks,
  updateConnection,
  updateOrganizationSettings,
  whoami,
]);
