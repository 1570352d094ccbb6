/** Lists where browsers may be sent after signing in and out, and where a sign-in starts. */

import { z } from "zod";
import { redirect } from "./environments.ts";
import { pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_redirect_uris",
  title: "List redirect URIs",
  description:
    "Lists the URIs of one environment that browsers may be sent to: kind REDIRECT after a sign-in, " +
    "POST_LOGOUT_REDIRECT after a sign-out; and initiateLoginUri, where a sign-in starts that does not begin in the " +
    "application. Use it when an application gets an error about its redirect URI: the URI it sends must be in the " +
    "list letter by letter, a slash at the end included. Change the list with add_redirect_uri, " +
    "add_post_logout_redirect_uri and set_initiate_login_uri. Needs an environmentId from list_environments. " +
    "Returns one page of both kinds, oldest first, and totalSize; if nextPageToken is there, call again with it as " +
    "pageToken. Errors: not_found, there is no such environment; invalid_input, the page token is not from this list.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId, ...pageArguments }),
  audit: { clear: ["environmentId", "pageSize"] },
  output: z.object({
    initiateLoginUri: z.string().describe("Absent where none is set").optional(),
    uris: z.array(redirect).readonly(),
    ...pageInfo,
  }),
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listRedirectUris(environmentId, page);
    const { initiateLoginUri } = await workspace.getEnvironmentClient(environmentId);
    return { ...(initiateLoginUri !== undefined && { initiateLoginUri }), uris: items, ...info };
  },
});
