/** The workspace behind the Scalekit REST API, put together from one file for each kind of object. */

import type { Workspace } from "../workspace.ts";
import { adminPortalLinks } from "./admin_portal_links.ts";
import { createApi } from "./api.ts";
import { connectedAccounts } from "./connected_accounts.ts";
import { connections } from "./connections.ts";
import { type Context, environmentUnknown } from "./context.ts";
import { environmentClient } from "./environment_client.ts";
import { environments } from "./environments.ts";
import { mcpServers } from "./mcp_servers.ts";
import { organizationEnds } from "./organization_ends.ts";
import { organizationUsers } from "./organization_users.ts";
import { organizations } from "./organizations.ts";
import { roles } from "./roles.ts";
import { scopes } from "./scopes.ts";
import { API_LIMITS, type ApiLimits, type ScalekitSettings } from "./settings.ts";
import { users } from "./users.ts";
import { workspaceMembers } from "./workspace_members.ts";

export interface ScalekitWorkspace {
  readonly workspace: Workspace;
  /** Ends the calls that are under way. */
  close(): void;
}

export interface ScalekitOptions {
  readonly now: () => Date;
  readonly limits?: Partial<ApiLimits> | undefined;
}

/** Builds the workspace; nothing is sent before a method is called. */
export function createScalekitWorkspace(
  settings: ScalekitSettings,
  { now, limits }: ScalekitOptions,
): ScalekitWorkspace {
  const closing = new AbortController();
  const options = { now, limits: { ...API_LIMITS, ...limits }, closed: closing.signal };
  const apis = settings.environments.map((environment) => createApi(environment, options));
  const byId = new Map(apis.map((api) => [api.environment.id, api]));
  const context: Context = {
    apis,
    now,
    of(environmentId) {
      const api = byId.get(environmentId);
      if (api === undefined) throw environmentUnknown(environmentId);
      return api;
    },
  };
  const organization = organizations(context);
  const workspace: Workspace = {
    ...environments(context),
    ...organization,
    ...organizationEnds(context, organization.getOrganization),
    ...organizationUsers(context),
    ...users(context),
    ...workspaceMembers(context),
    ...connections(context),
    ...adminPortalLinks(context),
    ...connectedAccounts(context),
    ...mcpServers(context),
    ...roles(context),
    ...scopes(context),
    ...environmentClient(context),
  };
  return { workspace, close: () => closing.abort(new Error("the store is closed")) };
}
