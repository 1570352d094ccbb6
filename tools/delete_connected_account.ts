/** Deletes a connected account with its credentials. */

import { z } from "zod";
import { connectedAccount, connectedAccountId } from "./connected_accounts.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "delete_connected_account",
  title: "Delete connected account",
  description:
    "Deletes one connected account for good, with the credentials that are kept for it and its open magic link: programs " +
    "can no longer act for the person there. Use it when someone withdraws their consent or leaves. A person is asked " +
    "before it happens. To be connected again they need a new link from create_connected_account_magic_link. At the " +
    "third party itself nothing is revoked. Needs an environmentId from list_environments and a connectedAccountId from " +
    "list_connected_accounts. Returns the account as it was. The error not_found means that this environment has no such " +
    "account; after a repeated call, that it is deleted.",
  effect: "delete",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, connectedAccountId }),
  audit: { clear: ["environmentId", "connectedAccountId"] },
  output: connectedAccount,
  async confirm({ environmentId, connectedAccountId }, { workspace }) {
    const { identifier, provider, connector, status } = await workspace.getConnectedAccount(
      environmentId,
      connectedAccountId,
    );
    return `Delete the connected account of ${identifier} at ${provider} (connector ${connector}, ${status})? ` +
      "Its credentials cannot be had back, and programs can no longer act for this person there.";
  },
  handle: ({ environmentId, connectedAccountId }, { workspace }) =>
    workspace.deleteConnectedAccount(environmentId, connectedAccountId),
});
