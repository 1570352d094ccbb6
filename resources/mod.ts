/** The manifest: every resource that this server offers, one import a resource. */

import environment from "./environment.ts";
import environmentOrganizations from "./environment_organizations.ts";
import organization from "./organization.ts";
import organizationUsers from "./organization_users.ts";
import type { AnyResourceDefinition } from "./registry.ts";
import workspaceMembers from "./workspace_members.ts";

/** A value, and not imports for their effect alone, which a bundler may drop without a word. */
export const resources: readonly AnyResourceDefinition[] = Object.freeze([
  environment,
  environmentOrganizations,
  organization,
  organizationUsers,
  workspaceMembers,
]);
