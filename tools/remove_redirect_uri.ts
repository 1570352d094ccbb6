/** Takes away a URI that browsers could be sent to after a sign-in. */

import { z } from "zod";
import { nameEnvironment, redirect } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";
import { listedUri } from "./uris.ts";

export default defineTool({
  name: "remove_redirect_uri",
  title: "Remove redirect URI",
  description:
    "Removes a URI from those that people may be sent to after signing in. From then on every sign-in that asks to " +
    "return there fails, so make sure that no application uses it any more. Copy the URI letter by letter from " +
    "list_redirect_uris, kind REDIRECT. add_redirect_uri brings it back. Returns the URI that was removed. " +
    "The error not_found means that it is not in the list: look there for the same URI with another slash, port or " +
    "case, or for the other kind.",
  effect: "delete",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, uri: listedUri }),
  audit: { clear: ["environmentId"] },
  output: redirect,
  async confirm({ environmentId, uri }, { workspace }) {
    const found = await workspace.getRedirectUri(environmentId, "REDIRECT", uri);
    const environment = await nameEnvironment(workspace, environmentId);
    return `Remove the redirect URI ${found.uri} (added ${found.createTime}) from the environment ${environment}? ` +
      "Sign-ins that return to it will fail.";
  },
  handle: ({ environmentId, uri }, { workspace }) =>
    workspace.removeRedirectUri(environmentId, "REDIRECT", uri),
});
