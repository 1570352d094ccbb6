/** What the tools about connected accounts have in common: their shapes. */

import { z } from "zod";
import { CONNECTED_ACCOUNT_STATUSES } from "../store/workspace/connected_accounts.ts";
import { connectionType, keyId } from "./connections.ts";
import { id, line } from "./shapes.ts";

export const connectedAccountId = id("ca", "list_connected_accounts")
  .describe("Id of the connected account, from list_connected_accounts");

export const identifier = line(256)
  .describe(
    "Who the account belongs to, as your own program names them: an email address or a user id",
  )
  .meta({ examples: ["ada@acme.example"] });

export const connector = keyId
  .describe("The keyId of the connection, from list_environment_connections")
  .meta({ examples: ["github"] });

export const accountStatus = z.enum(CONNECTED_ACCOUNT_STATUSES);

export const connectedAccount = z.object({
  id: z.string().describe("Takes the place of connectedAccountId in other tools"),
  environmentId: z.string(),
  identifier: z.string(),
  provider: z.string().describe("Where the account is, such as GITHUB"),
  connector: z.string().describe("The keyId of its connection"),
  connectionId: z.string(),
  status: accountStatus.describe("Only an ACTIVE one can be used"),
  authorizationType: connectionType,
  tokenExpireTime: z.string()
    .describe("RFC 3339; when its access token expires, or did. The token itself is never shown")
    .optional(),
  lastUsedTime: z.string().describe("RFC 3339").optional(),
  createTime: z.string().describe("RFC 3339"),
  updateTime: z.string().describe("RFC 3339"),
});
