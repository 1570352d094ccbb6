/** Lists or filters the connected accounts of an environment. */

import { z } from "zod";
import { accountStatus, connectedAccount, connector, identifier } from "./connected_accounts.ts";
import { pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_connected_accounts",
  title: "List connected accounts",
  description:
    "Lists the connected accounts of one environment, newest first: accounts of people at third parties, such as GitHub, " +
    "that programs use on their behalf, with status, connector and when the access token expires. Use it to see who has " +
    "connected what, or who has to connect again: status EXPIRED, PENDING_AUTH or DISCONNECTED. Each filter must be met " +
    "exactly, letter by letter; without one you get all. Tokens are never shown. Needs an environmentId from " +
    "list_environments. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken and the same filters. " +
    "Errors: not_found, there is no such environment; invalid_input, an argument is wrong or the page token belongs to " +
    "another list.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({
    environmentId,
    identifier: identifier.describe("Only accounts of this identifier").optional(),
    provider: z.string()
      .max(64)
      .regex(/^[A-Z0-9][A-Z0-9_]*$/, { error: "Must be upper-case letters, digits and _" })
      .describe("Only accounts at this provider")
      .meta({ examples: ["GITHUB"] })
      .optional(),
    connector: connector.describe("Only accounts of the connection with this keyId").optional(),
    status: accountStatus.describe("Only accounts in this state").optional(),
    ...pageArguments,
  }),
  audit: { clear: ["environmentId", "status", "pageSize"] },
  output: z.object({ connectedAccounts: z.array(connectedAccount).readonly(), ...pageInfo }),
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listConnectedAccounts(environmentId, page);
    return { connectedAccounts: items, ...info };
  },
});
