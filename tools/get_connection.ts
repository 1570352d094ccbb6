/** Reads one connection with its settings and who uses it. */

import { z } from "zod";
import { connection, connectionId, describeConnection } from "./connections.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "get_connection",
  title: "Get connection",
  description:
    "Returns one connection, of an environment or of an organization, with provider, type, status, keyId, domains and " +
    "settings, what is missing before it can be enabled, and how many people and connected accounts depend on it. " +
    "Use it to see why a connection is not COMPLETED, or what a change would touch, before update_connection, " +
    "delete_connection or one of the disabling tools. Secrets are never part of it. " +
    "Needs an environmentId from list_environments, and a connectionId from list_environment_connections or " +
    "list_organization_connections. The error not_found means that this environment has no such connection.",
  effect: "read",
  scopes: ["env:read", "org:read"],
  input: z.strictObject({ environmentId, connectionId }),
  audit: { clear: ["environmentId", "connectionId"] },
  output: connection.extend({
    users: z.int().min(0)
      .describe("How many users its organization has, or the environment: those who may use it"),
    connectedAccounts: z.int().min(0),
  }),
  async handle({ environmentId, connectionId }, { workspace }) {
    const found = await workspace.getConnection(environmentId, connectionId);
    const use = await workspace.getConnectionUse(environmentId, connectionId);
    return { ...describeConnection(found), ...use };
  },
});
