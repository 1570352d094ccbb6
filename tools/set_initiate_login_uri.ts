/** Says where a sign-in starts that does not begin in the application. */

import { z } from "zod";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";
import { initiateLoginUri } from "./uris.ts";

export default defineTool({
  name: "set_initiate_login_uri",
  title: "Set initiate-login URI",
  description:
    "Sets the page of the application that starts a sign-in when one begins elsewhere: from an invitation, from the " +
    "portal of a customer's identity provider, or from a bookmark. An environment has one: an earlier one is " +
    "replaced, so look at list_redirect_uris first. It has to be https; http works on loopback only, for " +
    "development. Repeating the call changes nothing. Returns the URI as it is kept. " +
    "Errors: not_found, there is no such environment; invalid_input, the URI is of another form, and the message " +
    "says which are taken.",
  effect: "update",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId, uri: initiateLoginUri }),
  audit: { clear: ["environmentId"] },
  output: z.object({ initiateLoginUri: z.string() }),
  async handle({ environmentId, uri }, { workspace }) {
    await workspace.setInitiateLoginUri(environmentId, uri);
    return { initiateLoginUri: uri };
  },
});
