/** Takes away where a sign-in starts that does not begin in the application. */

import { z } from "zod";
import { currentInitiateLoginUri, nameEnvironment } from "./environments.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "remove_initiate_login_uri",
  title: "Remove initiate-login URI",
  description:
    "Removes the page at which a sign-in starts that does not begin in the application, so that invitations and the " +
    "portals of customers' identity providers lead nowhere until set_initiate_login_uri sets another one. To change " +
    "it call that tool alone; removing first is not needed. Look at list_redirect_uris, which shows it. " +
    "Returns the URI that was removed. " +
    "The error not_found means that there is no such environment, or that it has no initiate-login URI.",
  effect: "delete",
  scopes: ["env:write"],
  input: z.strictObject({ environmentId }),
  audit: { clear: ["environmentId"] },
  output: z.object({ removedUri: z.string() }),
  async confirm({ environmentId }, { workspace }) {
    const uri = await currentInitiateLoginUri(workspace, environmentId);
    const environment = await nameEnvironment(workspace, environmentId);
    return `Remove the initiate-login URI ${uri} from the environment ${environment}? ` +
      "Sign-ins that begin outside the application will lead nowhere.";
  },
  async handle({ environmentId }, { workspace }) {
    const removedUri = await currentInitiateLoginUri(workspace, environmentId);
    await workspace.setInitiateLoginUri(environmentId, undefined);
    return { removedUri };
  },
});
