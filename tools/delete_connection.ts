/** Deletes a connection with its connected accounts. */

import { z } from "zod";
import { confirmDeleting, connection, connectionId, describeConnection } from "./connections.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "delete_connection",
  title: "Delete connection",
  description:
    "Deletes a connection of an environment or an organization for good, with its settings, its claim on domains, and " +
    "its connected accounts with their credentials. People who sign in through it no longer can. Where it shall only " +
    "stop for now, use disable_organization_connection or disable_environment_connection, which can be taken back. " +
    "Read get_connection first. A person is asked before it happens. Needs an environmentId from list_environments, and " +
    "a connectionId from list_environment_connections or list_organization_connections. " +
    "Returns the connection as it was. The error not_found means that this environment has no such connection; after a " +
    "repeated call, that it is deleted.",
  effect: "delete",
  scopes: ["env:write", "org:write"],
  input: z.strictObject({ environmentId, connectionId }),
  audit: { clear: ["environmentId", "connectionId"] },
  output: connection,
  confirm: ({ environmentId, connectionId }, { workspace }) =>
    confirmDeleting(workspace, environmentId, connectionId),
  handle: async ({ environmentId, connectionId }, { workspace }) =>
    describeConnection(await workspace.deleteConnection(environmentId, connectionId)),
});
