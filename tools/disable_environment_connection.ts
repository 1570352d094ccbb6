/** Disables a connection that serves a whole environment. */

import { z } from "zod";
import { confirmDisabling, connection, connectionId, describeConnection } from "./connections.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "disable_environment_connection",
  title: "Disable environment connection",
  description:
    "Disables a connection that serves the whole environment: from then on nobody signs in through it, and programs " +
    "cannot use its connected accounts. Settings and accounts stay, and enable_environment_connection takes it back. " +
    "Use it before update_connection, or when a provider must not be trusted any more. A person is asked before it " +
    "happens. For a connection of one organization use disable_organization_connection. Needs an environmentId from " +
    "list_environments and a connectionId from list_environment_connections. " +
    "Returns the connection as it is afterwards. " +
    "Errors: conflict, it is disabled already, or it belongs to an organization; not_found, this environment has no such " +
    "connection.",
  effect: "delete",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, connectionId }),
  audit: { clear: ["environmentId", "connectionId"] },
  output: connection,
  confirm: ({ environmentId, connectionId }, { workspace }) =>
    confirmDisabling(workspace, environmentId, connectionId),
  handle: async ({ environmentId, connectionId }, { workspace }) =>
    describeConnection(await workspace.setConnectionEnabled(environmentId, connectionId, false)),
});
