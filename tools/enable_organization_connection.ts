/** Enables a connection of an organization. */

import { z } from "zod";
import { connection, connectionId, describeConnection } from "./connections.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId } from "./shapes.ts";

export default defineTool({
  name: "enable_organization_connection",
  title: "Enable organization connection",
  description:
    "Enables a connection of one organization, so that its people can sign in through it. Only a connection with the " +
    "status COMPLETED can be enabled; get_connection says what is missing, and the customer completes it behind " +
    "generate_admin_portal_link. Enabling an enabled one changes nothing. Needs an environmentId from " +
    "list_environments, an organizationId from list_organizations and a connectionId from " +
    "list_organization_connections. Returns the connection as it is afterwards. " +
    "Errors: conflict, it is not complete; not_found, there is no such organization, or it has no such connection.",
  effect: "update",
  scopes: ["org:write"],
  input: z.strictObject({ environmentId, organizationId, connectionId }),
  audit: { clear: ["environmentId", "organizationId", "connectionId"] },
  output: connection,
  handle: async ({ environmentId, organizationId, connectionId }, { workspace }) =>
    describeConnection(
      await workspace.setConnectionEnabled(environmentId, connectionId, true, organizationId),
    ),
});
