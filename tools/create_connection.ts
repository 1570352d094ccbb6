/** Adds a connection to an environment or an organization. */

import { z } from "zod";
import {
  changeableFields,
  connection,
  connectionType,
  describeConnection,
  keyId,
  provider,
  settingsIn,
} from "./connections.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId } from "./shapes.ts";

export default defineTool({
  name: "create_connection",
  title: "Create connection",
  description:
    "Adds a connection and returns it, disabled. With organizationId it serves that organization alone, without it the " +
    "whole environment. OIDC needs issuer and clientId, SAML metadataUrl, OAUTH and OAUTH_M2M clientId, other types " +
    "nothing; what is missing can follow with update_connection, and missingSettings names it. Never ask for a client " +
    "secret or a private key: the customer enters those behind generate_admin_portal_link. When its status is COMPLETED, " +
    "switch it on with enable_organization_connection or enable_environment_connection. Look first whether it is there: " +
    "a second call makes a second one unless keyId is given. " +
    "Errors: conflict, the keyId or a domain belongs to another connection of the environment; invalid_input, a setting " +
    "is not of this type; not_found, there is no such environment or organization.",
  effect: "create",
  scopes: ["env:write", "org:write"],
  input: z.strictObject({
    environmentId,
    organizationId: organizationId
      .describe("Whose people it serves; leave out for the whole environment").optional(),
    provider: provider.describe("Who runs the other side; CUSTOM for any that is not named"),
    type: connectionType.describe("The protocol"),
    providerKey: z.string()
      .max(64)
      .regex(/^[A-Z0-9][A-Z0-9_]*$/, { error: "Must be upper-case letters, digits and _" })
      .describe("With CUSTOM: a name for the provider")
      .meta({ examples: ["NOTION"] })
      .optional(),
    keyId: keyId.describe("What programs call it, unique in the environment; made up if left out")
      .meta({ examples: ["github-prod"] })
      .optional(),
    ...changeableFields,
  }),
  audit: { clear: ["environmentId", "organizationId", "provider", "type"] },
  output: connection,
  async handle({ environmentId, issuer, clientId, metadataUrl, ...input }, { workspace }) {
    const settings = settingsIn({ issuer, clientId, metadataUrl });
    return describeConnection(
      await workspace.createConnection(environmentId, { ...input, settings }),
    );
  },
});
