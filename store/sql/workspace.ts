/** The workspace in SQL tables, put together from one file for each kind of object. */

import type { Workspace } from "../workspace.ts";
import { adminPortalLinks } from "./admin_portal_links.ts";
import { connectedAccounts } from "./connected_accounts.ts";
import { connections } from "./connections.ts";
import { environmentClient } from "./environment_client.ts";
import { environments } from "./environments.ts";
import { mcpServers } from "./mcp_servers.ts";
import { organizationLifecycle } from "./organization_changes.ts";
import { organizationUsers } from "./organization_users.ts";
import { organizations } from "./organizations.ts";
import { redirectUris } from "./redirect_uris.ts";
import { roles } from "./roles.ts";
import type { SqlContext } from "./schema.ts";
import { users } from "./users.ts";
import { memberLifecycle } from "./workspace_member_changes.ts";
import { scopes } from "./scopes.ts";
import { workspaceMembers } from "./workspace_members.ts";

export function createWorkspace(context: SqlContext): Workspace {
  return {
    ...environments(context),
    ...environmentClient(context),
    ...redirectUris(context),
    ...roles(context),
    ...scopes(context),
    ...organizations(context),
    ...organizationUsers(context),
    ...workspaceMembers(context),
    ...connections(context),
    ...adminPortalLinks(context),
    ...connectedAccounts(context),
    ...mcpServers(context),
    ...organizationLifecycle(context),
    ...users(context),
    ...memberLifecycle(context),
  };
}
