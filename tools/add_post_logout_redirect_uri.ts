/** Lets browsers be sent to a URI after a sign-out. */

import { z } from "zod";
import { redirect } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";
import { redirectUri } from "./uris.ts";

export default defineTool({
  name: "add_post_logout_redirect_uri",
  title: "Add post-logout redirect URI",
  description:
    "Adds a URI that people may be sent to after signing out (OpenID Connect RP-Initiated Logout). Not for where " +
    "they go after signing in: that is add_redirect_uri. https, http on loopback, or a scheme of the application's " +
    "own with a dot in it, such as com.example.app:/bye. It is compared letter by letter: no wildcards, and a slash " +
    "at the end counts. Look at list_redirect_uris first. Returns the URI as it is kept. " +
    "Errors: conflict, it is in the list already or there are 100; not_found, there is no such environment; " +
    "invalid_input, the URI is of another form, and the message says which are taken.",
  effect: "create",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, uri: redirectUri }),
  audit: { clear: ["environmentId"] },
  output: redirect,
  handle: ({ environmentId, uri }, { workspace }) =>
    workspace.addRedirectUri(environmentId, "POST_LOGOUT_REDIRECT", uri),
});
