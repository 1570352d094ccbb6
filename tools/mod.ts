/** The manifest: every tool that this server offers, one import a tool. */

import addPostLogoutRedirectUri from "./add_post_logout_redirect_uri.ts";
import addRedirectUri from "./add_redirect_uri.ts";
import createConnectedAccountMagicLink from "./create_connected_account_magic_link.ts";
import createConnection from "./create_connection.ts";
import createEnvironmentClientSecret from "./create_environment_client_secret.ts";
import createEnvironmentRole from "./create_environment_role.ts";
import createEnvironmentScope from "./create_environment_scope.ts";
import createOrganization from "./create_organization.ts";
import createOrganizationUser from "./create_organization_user.ts";
import deleteConnectedAccount from "./delete_connected_account.ts";
import deleteConnection from "./delete_connection.ts";
import deleteEnvironmentRole from "./delete_environment_role.ts";
import deleteEnvironmentScope from "./delete_environment_scope.ts";
import deleteMcpServer from "./delete_mcp_server.ts";
import deleteOrganization from "./delete_organization.ts";
import disableEnvironmentConnection from "./disable_environment_connection.ts";
import disableOrganizationConnection from "./disable_organization_connection.ts";
import enableEnvironmentConnection from "./enable_environment_connection.ts";
import enableOrganizationConnection from "./enable_organization_connection.ts";
import explainAccess from "./explain_access.ts";
import generateAdminPortalLink from "./generate_admin_portal_link.ts";
import getConnectedAccount from "./get_connected_account.ts";
import getConnection from "./get_connection.ts";
import getEnvironmentCredentials from "./get_environment_credentials.ts";
import getEnvironmentDetails from "./get_environment_details.ts";
import getEnvironmentRole from "./get_environment_role.ts";
import getMcpServer from "./get_mcp_server.ts";
import getOrganizationDetails from "./get_organization_details.ts";
import getUser from "./get_user.ts";
import importOrganizationUsers from "./import_organization_users.ts";
import inviteWorkspaceMember from "./invite_workspace_member.ts";
import listAuditEvents from "./list_audit_events.ts";
import listConnectedAccounts from "./list_connected_accounts.ts";
import listEnvironmentConnections from "./list_environment_connections.ts";
import listEnvironmentRoles from "./list_environment_roles.ts";
import listEnvironmentScopes from "./list_environment_scopes.ts";
import listEnvironments from "./list_environments.ts";
import listMcpServers from "./list_mcp_servers.ts";
import listOrganizationConnections from "./list_organization_connections.ts";
import listOrganizationUsers from "./list_organization_users.ts";
import listOrganizations from "./list_organizations.ts";
import listRedirectUris from "./list_redirect_uris.ts";
import listRevocations from "./list_revocations.ts";
import listUsers from "./list_users.ts";
import listWorkspaceMembers from "./list_workspace_members.ts";
import registerMcpServer from "./register_mcp_server.ts";
import type { AnyToolDefinition } from "./registry.ts";
import removeInitiateLoginUri from "./remove_initiate_login_uri.ts";
import removeOrganizationUser from "./remove_organization_user.ts";
import removePostLogoutRedirectUri from "./remove_post_logout_redirect_uri.ts";
import removeRedirectUri from "./remove_redirect_uri.ts";
import removeWorkspaceMember from "./remove_workspace_member.ts";
import restoreAccess from "./restore_access.ts";
import revokeAccess from "./revoke_access.ts";
import revokeAdminPortalLinks from "./revoke_admin_portal_links.ts";
import revokeEnvironmentClientSecret from "./revoke_environment_client_secret.ts";
import searchDocs from "./search_docs.ts";
import searchOrganizations from "./search_organizations.ts";
import setDefaultRoles from "./set_default_roles.ts";
import setInitiateLoginUri from "./set_initiate_login_uri.ts";
import setOrganizationUserRoles from "./set_organization_user_roles.ts";
import switchMcpAuthToScalekit from "./switch_mcp_auth_to_scalekit.ts";
import updateConnection from "./update_connection.ts";
import updateEnvironmentRole from "./update_environment_role.ts";
import updateEnvironmentScope from "./update_environment_scope.ts";
import updateMcpServer from "./update_mcp_server.ts";
import updateOrganization from "./update_organization.ts";
import updateOrganizationSettings from "./update_organization_settings.ts";
import updateUser from "./update_user.ts";
import updateWorkspaceMember from "./update_workspace_member.ts";
import whoami from "./whoami.ts";

/** A value, and not imports for their effect alone, which a bundler may drop without a word. */
export const tools: readonly AnyToolDefinition[] = Object.freeze([
  addPostLogoutRedirectUri,
  addRedirectUri,
  createConnectedAccountMagicLink,
  createConnection,
  createEnvironmentClientSecret,
  createEnvironmentRole,
  createEnvironmentScope,
  createOrganization,
  createOrganizationUser,
  deleteConnectedAccount,
  deleteConnection,
  deleteEnvironmentRole,
  deleteEnvironmentScope,
  deleteMcpServer,
  deleteOrganization,
  disableEnvironmentConnection,
  disableOrganizationConnection,
  enableEnvironmentConnection,
  enableOrganizationConnection,
  explainAccess,
  generateAdminPortalLink,
  getConnectedAccount,
  getConnection,
  getEnvironmentCredentials,
  getEnvironmentDetails,
  getEnvironmentRole,
  getMcpServer,
  getOrganizationDetails,
  getUser,
  importOrganizationUsers,
  inviteWorkspaceMember,
  listAuditEvents,
  listConnectedAccounts,
  listEnvironmentConnections,
  listEnvironmentRoles,
  listEnvironmentScopes,
  listEnvironments,
  listMcpServers,
  listOrganizationConnections,
  listOrganizationUsers,
  listOrganizations,
  listRedirectUris,
  listRevocations,
  listUsers,
  listWorkspaceMembers,
  registerMcpServer,
  removeInitiateLoginUri,
  removeOrganizationUser,
  removePostLogoutRedirectUri,
  removeRedirectUri,
  removeWorkspaceMember,
  restoreAccess,
  revokeAccess,
  revokeAdminPortalLinks,
  revokeEnvironmentClientSecret,
  searchDocs,
  searchOrganizations,
  setDefaultRoles,
  setInitiateLoginUri,
  setOrganizationUserRoles,
  switchMcpAuthToScalekit,
  updateConnection,
  updateEnvironmentRole,
  updateEnvironmentScope,
  updateMcpServer,
  updateOrganization,
  updateOrganizationSettings,
  updateUser,
  updateWorkspaceMember,
  whoami,
]);
