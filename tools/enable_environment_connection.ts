/** Enables a connection that serves a whole environment. */

import { z } from "zod";
import { connection, connectionId, describeConnection } from "./connections.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "enable_environment_connection",
  title: "Enable environment connection",
  description:
    "Enables a connection that serves the whole environment, so that people can sign in through it, or programs use its " +
    "connected accounts. Only a connection with the status COMPLETED can be enabled; get_connection says what is " +
    "missing. For a connection of one organization use enable_organization_connection. Enabling an enabled one changes " +
    "nothing. Needs an environmentId from list_environments and a connectionId from list_environment_connections. " +
    "Returns the connection as it is afterwards. " +
    "Errors: conflict, it is not complete, or it belongs to an organization; not_found, this environment has no such " +
    "connection.",
  effect: "update",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, connectionId }),
  audit: { clear: ["environmentId", "connectionId"] },
  output: connection,
  handle: async ({ environmentId, connectionId }, { workspace }) =>
    describeConnection(await workspace.setConnectionEnabled(environmentId, connectionId, true)),
});
