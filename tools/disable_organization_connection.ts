/** Disables a connection of an organization. */

import { z } from "zod";
import { confirmDisabling, connection, connectionId, describeConnection } from "./connections.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId } from "./shapes.ts";

export default defineTool({
  name: "disable_organization_connection",
  title: "Disable organization connection",
  description:
    "Disables a connection of one organization: from then on its people cannot sign in through it, which may shut all of " +
    "them out. Settings stay, and enable_organization_connection takes it back. Use it before update_connection, or when " +
    "an identity provider must not be trusted any more. A person is asked before it happens. Needs an environmentId from " +
    "list_environments, an organizationId from list_organizations and a connectionId from " +
    "list_organization_connections. Returns the connection as it is afterwards. " +
    "Errors: conflict, it is disabled already; not_found, there is no such organization, or it has no such connection.",
  effect: "delete",
  scopes: ["org:write"],
  input: z.strictObject({ environmentId, organizationId, connectionId }),
  audit: { clear: ["environmentId", "organizationId", "connectionId"] },
  output: connection,
  confirm: ({ environmentId, organizationId, connectionId }, { workspace }) =>
    confirmDisabling(workspace, environmentId, connectionId, organizationId),
  handle: async ({ environmentId, organizationId, connectionId }, { workspace }) =>
    describeConnection(
      await workspace.setConnectionEnabled(environmentId, connectionId, false, organizationId),
    ),
});
