/** Lets browsers be sent to a URI after a sign-in. */

import { z } from "zod";
import { redirect } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";
import { redirectUri } from "./uris.ts";

export default defineTool({
  name: "add_redirect_uri",
  title: "Add redirect URI",
  description:
    "Adds a URI that people may be sent to after signing in, with the code of the sign-in: whoever owns the URI can " +
    "sign in as them, so add only what belongs to the environment's own applications. https, http on loopback for " +
    "development and command lines, or a scheme of the application's own with a dot in it, such as " +
    "com.example.app:/callback. It is compared letter by letter: no wildcards, and a slash at the end counts. Look at " +
    "list_redirect_uris first. Returns the URI as it is kept. " +
    "Errors: conflict, it is in the list already or there are 100; not_found, there is no such environment; " +
    "invalid_input, the URI is of another form, and the message says which are taken.",
  effect: "create",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, uri: redirectUri }),
  audit: { clear: ["environmentId"] },
  output: redirect,
  handle: ({ environmentId, uri }, { workspace }) =>
    workspace.addRedirectUri(environmentId, "REDIRECT", uri),
});
