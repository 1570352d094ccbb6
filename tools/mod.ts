/** The manifest: every tool that this server offers, one import a tool. */

import addPostLogoutRedirectUri from "./add_post_logout_redirect_uri.ts";
import addRedirectUri from "./add_redirect_uri.ts";
import createEnvironmentClientSecret from "./create_environment_client_secret.ts";
import createEnvironmentRole from "./create_environment_role.ts";
import createEnvironmentScope from "./create_environment_scope.ts";
import createOrganization from "./create_organization.ts";
import createOrganizationUser from "./create_organization_user.ts";
import deleteEnvironmentRole from "./delete_environment_role.ts";
import deleteEnvironmentScope from "./delete_environment_scope.ts";
import getEnvironmentCredentials from "./get_environment_credentials.ts";
import getEnvironmentDetails from "./get_environment_details.ts";
import getEnvironmentRole from "./get_environment_role.ts";
import getOrganizationDetails from "./get_organization_details.ts";
import importOrganizationUsers from "./import_organization_users.ts";
import inviteWorkspaceMember from "./invite_workspace_member.ts";
import listAuditEvents from "./list_audit_events.ts";
import listEnvironmentRoles from "./list_environment_roles.ts";
import listEnvironmentScopes from "./list_environment_scopes.ts";
import listEnvironments from "./list_environments.ts";
import listOrganizationUsers from "./list_organization_users.ts";
import listOrganizations from "./list_organizations.ts";
import listRedirectUris from "./list_redirect_uris.ts";
import listRevocations from "./list_revocations.ts";
import listWorkspaceMembers from "./list_workspace_members.ts";
import type { AnyToolDefinition } from "./registry.ts";
import removeInitiateLoginUri from "./remove_initiate_login_uri.ts";
import removePostLogoutRedirectUri from "./remove_post_logout_redirect_uri.ts";
import removeRedirectUri from "./remove_redirect_uri.ts";
import restoreAccess from "./restore_access.ts";
import revokeAccess from "./revoke_access.ts";
import revokeEnvironmentClientSecret from "./revoke_environment_client_secret.ts";
import setDefaultRoles from "./set_default_roles.ts";
import setInitiateLoginUri from "./set_initiate_login_uri.ts";
import updateEnvironmentRole from "./update_environment_role.ts";
import updateEnvironmentScope from "./update_environment_scope.ts";
import updateOrganizationSettings from "./update_organization_settings.ts";
import whoami from "./whoami.ts";

/** A value, and not imports for their effect alone, which a bundler may drop without a word. */
export const tools: readonly AnyToolDefinition[] = Object.freeze([
  addPostLogoutRedirectUri,
  addRedirectUri,
  createEnvironmentClientSecret,
  createEnvironmentRole,
  createEnvironmentScope,
  createOrganization,
  createOrganizationUser,
  deleteEnvironmentRole,
  deleteEnvironmentScope,
  getEnvironmentCredentials,
  getEnvironmentDetails,
  getEnvironmentRole,
  getOrganizationDetails,
  importOrganizationUsers,
  inviteWorkspaceMember,
  listAuditEvents,
  listEnvironmentRoles,
  listEnvironmentScopes,
  listEnvironments,
  listOrganizationUsers,
  listOrganizations,
  listRedirectUris,
  listRevocations,
  listWorkspaceMembers,
  removeInitiateLoginUri,
  removePostLogoutRedirectUri,
  removeRedirectUri,
  restoreAccess,
  revokeAccess,
  revokeEnvironmentClientSecret,
  setDefaultRoles,
  setInitiateLoginUri,
  updateEnvironmentRole,
  updateEnvironmentScope,
  updateOrganizationSettings,
  whoami,
]);
