/** Makes the link with which a person connects an account. */

import { z } from "zod";
import { MAGIC_LINK_LIFETIME } from "../store/workspace/connected_accounts.ts";
import { connectedAccount, connector, identifier } from "./connected_accounts.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "create_connected_account_magic_link",
  title: "Create connected account magic link",
  description:
    "Makes a link with which one person lets programs use their account at a third party, for the first time or again " +
    "after it expired. Where there is no connected account for identifier and connector, one is added that waits for " +
    "them (PENDING_AUTH). The link is a secret and is shown this once: give it to that person alone. It works until " +
    "expireTime; a further call makes a new link and ends the one before. Take connector, the keyId of an enabled " +
    "connection, from list_environment_connections, and see with get_connected_account whether it was followed. " +
    "Returns the link, when it expires, and the account. " +
    "Errors: not_found, there is no such environment or connector; conflict, the connection is not enabled or is one for " +
    "signing in.",
  effect: "create",
  scopes: ["env:write"],
  input: z.strictObject({
    environmentId,
    identifier,
    connector,
    lifetimeSeconds: z.int().min(MAGIC_LINK_LIFETIME.min).max(MAGIC_LINK_LIFETIME.max)
      .describe("How long the link works; an hour if left out, a day at most")
      .optional(),
  }),
  audit: { clear: ["environmentId", "lifetimeSeconds"] },
  output: z.object({
    link: z.string().describe("An https URL, shown this once"),
    expireTime: z.string().describe("RFC 3339"),
    connectedAccount,
  }),
  async handle({ environmentId, ...input }, { workspace }) {
    const { location, expireTime, account } = await workspace.createConnectedAccountMagicLink(
      environmentId,
      input,
    );
    return { link: location, expireTime, connectedAccount: account };
  },
});
