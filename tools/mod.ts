/** The manifest: every tool that this server offers, one import a tool. */

import createOrganization from "./create_organization.ts";
import createOrganizationUser from "./create_organization_user.ts";
import getEnvironmentDetails from "./get_environment_details.ts";
import getOrganizationDetails from "./get_organization_details.ts";
import importOrganizationUsers from "./import_organization_users.ts";
import inviteWorkspaceMember from "./invite_workspace_member.ts";
import listAuditEvents from "./list_audit_events.ts";
import listEnvironments from "./list_environments.ts";
import listOrganizationUsers from "./list_organization_users.ts";
import listOrganizations from "./list_organizations.ts";
import listRevocations from "./list_revocations.ts";
import listWorkspaceMembers from "./list_workspace_members.ts";
import type { AnyToolDefinition } from "./registry.ts";
import restoreAccess from "./restore_access.ts";
import revokeAccess from "./revoke_access.ts";
import searchDocs from "./search_docs.ts";
import updateOrganizationSettings from "./update_organization_settings.ts";
import whoami from "./whoami.ts";

/** A value, and not imports for their effect alone, which a bundler may drop without a word. */
export const tools: readonly AnyToolDefinition[] = Object.freeze([
  createOrganization,
  createOrganizationUser,
  getEnvironmentDetails,
  getOrganizationDetails,
  importOrganizationUsers,
  inviteWorkspaceMember,
  listAuditEvents,
  listEnvironments,
  listOrganizationUsers,
  listOrganizations,
  listRevocations,
  listWorkspaceMembers,
  restoreAccess,
  revokeAccess,
  searchDocs,
  updateOrganizationSettings,
  whoami,
]);
