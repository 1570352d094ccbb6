/** The workspace in SQL tables, put together from one file for each kind of object. */

import type { Workspace } from "../workspace.ts";
import { environmentClient } from "./environment_client.ts";
import { environments } from "./environments.ts";
import { organizationUsers } from "./organization_users.ts";
import { organizations } from "./organizations.ts";
import { redirectUris } from "./redirect_uris.ts";
import { roles } from "./roles.ts";
import type { SqlContext } from "./schema.ts";
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
  };
}
