/** Changes the domains and settings of a connection that is not enabled. */

import { z } from "zod";
import {
  changeableFields,
  connection,
  connectionId,
  describeConnection,
  settingsIn,
} from "./connections.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "update_connection",
  title: "Update connection",
  description:
    "Sets the domains or the settings of a connection; what you leave out stays as it is, and provider, type and keyId " +
    "never change. Use it to complete a connection (get_connection names what is missing) or to move it to another " +
    "identity provider. An enabled connection is not changed, as that would lead people's sign-in elsewhere: disable it " +
    "first, for which a person is asked, and enable it afterwards. domains replaces the whole list; an empty one " +
    "leads nobody to it. Repeating a call changes nothing more. Returns the connection as it is afterwards. " +
    "Errors: conflict, it is enabled, or a domain leads to another connection; invalid_input, nothing is given or a " +
    "setting is not of its type; not_found, this environment has no such connection.",
  effect: "update",
  scopes: ["env:write", "org:write"],
  input: z.strictObject({ environmentId, connectionId, ...changeableFields })
    .refine((input) => Object.keys(changeableFields).some((name) => Object.hasOwn(input, name)), {
      error: "Give at least one of domains, issuer, clientId and metadataUrl",
    }),
  audit: { clear: ["environmentId", "connectionId"] },
  output: connection,
  async handle({ environmentId, connectionId, domains, ...settings }, { workspace }) {
    const changes = { domains, settings: settingsIn(settings) };
    return describeConnection(
      await workspace.updateConnection(environmentId, connectionId, changes),
    );
  },
});
