/** The manifest: every tool that this server offers, one import a tool. */

import createOrganization from "./create_organization.ts";
import createOrganizationUser from "./create_organization_user.ts";
import deleteMcpServer from "./delete_mcp_server.ts";
import deleteOrganization from "./delete_organization.ts";
import explainAccess from "./explain_access.ts";
import getEnvironmentDetails from "./get_environment_details.ts";
import getMcpServer from "./get_mcp_server.ts";
import getOrganizationDetails from "./get_organization_details.ts";
import getUser from "./get_user.ts";
import importOrganizationUsers from "./import_organization_users.ts";
import inviteWorkspaceMember from "./invite_workspace_member.ts";
import listAuditEvents from "./list_audit_events.ts";
import listEnvironments from "./list_environments.ts";
import listMcpServers from "./list_mcp_servers.ts";
import listOrganizationUsers from "./list_organization_users.ts";
import listOrganizations from "./list_organizations.ts";
import listRevocations from "./list_revocations.ts";
import listUsers from "./list_users.ts";
import listWorkspaceMembers from "./list_workspace_members.ts";
import registerMcpServer from "./register_mcp_server.ts";
import type { AnyToolDefinition } from "./registry.ts";
import removeOrganizationUser from "./remove_organization_user.ts";
import removeWorkspaceMember from "./remove_workspace_member.ts";
import restoreAccess from "./restore_access.ts";
import revokeAccess from "./revoke_access.ts";
import searchOrganizations from "./search_organizations.ts";
import setOrganizationUserRoles from "./set_organization_user_roles.ts";
import switchMcpAuthToScalekit from "./switch_mcp_auth_to_scalekit.ts";
import updateMcpServer from "./update_mcp_server.ts";
import updateOrganization from "./update_organization.ts";
import updateOrganizationSettings from "./update_organization_settings.ts";
import updateUser from "./update_user.ts";
import updateWorkspaceMember from "./update_workspace_member.ts";
import whoami from "./whoami.ts";

/** A value, and not imports for their effect alone, which a bundler may drop without a word. */
export const tools: readonly AnyToolDefinition[] = Object.freeze([
  createOrganization,
  createOrganizationUser,
  deleteMcpServer,
  deleteOrganization,
  explainAccess,
  getEnvironmentDetails,
  getMcpServer,
  getOrganizationDetails,
  getUser,
  importOrganizationUsers,
  inviteWorkspaceMember,
  listAuditEvents,
  listEnvironments,
  listMcpServers,
  listOrganizationUsers,
  listOrganizations,
  listRevocations,
  listUsers,
  listWorkspaceMembers,
  registerMcpServer,
  removeOrganizationUser,
  removeWorkspaceMember,
  restoreAccess,
  revokeAccess,
  searchOrganizations,
  setOrganizationUserRoles,
  switchMcpAuthToScalekit,
  updateMcpServer,
  updateOrganization,
  updateOrganizationSettings,
  updateUser,
  updateWorkspaceMember,
  whoami,
]);
