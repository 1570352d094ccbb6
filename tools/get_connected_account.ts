/** Reads one connected account. */

import { z } from "zod";
import { connectedAccount, connectedAccountId } from "./connected_accounts.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "get_connected_account",
  title: "Get connected account",
  description:
    "Returns one connected account: whose it is, at which provider and through which connector, its status, and when its " +
    "access token expires. Use it to see whether a person has followed a magic link: the status is ACTIVE then. The " +
    "token itself is never shown. Needs an environmentId from list_environments and a connectedAccountId from " +
    "list_connected_accounts. The error not_found means that this environment has no such account.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId, connectedAccountId }),
  audit: { clear: ["environmentId", "connectedAccountId"] },
  output: connectedAccount,
  handle: ({ environmentId, connectedAccountId }, { workspace }) =>
    workspace.getConnectedAccount(environmentId, connectedAccountId),
});
