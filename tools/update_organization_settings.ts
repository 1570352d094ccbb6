/** Switches features of an organization on or off. */

import { z } from "zod";
import { organization } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { distinct, environmentId, organizationId } from "./shapes.ts";

const feature = z.strictObject({
  name: z.enum(["sso", "dir_sync"])
    .describe("sso for single sign-on, dir_sync for directory sync (SCIM)"),
  enabled: z.boolean().describe("true switches the feature on, false off"),
});

export default defineTool({
  name: "update_organization_settings",
  title: "Update organization settings",
  description:
    "Switches single sign-on (sso) and directory sync (dir_sync) on or off for one organization. " +
    "Features that you do not name stay as they are; repeating a call changes nothing more. " +
    "Switching sso off can lock people out of the organization, so read get_organization_details first and be " +
    "sure that it is asked for. Returns the organization as it is afterwards. " +
    "Errors: not_found, this environment has no such organization; invalid_input, no feature is named, one is " +
    "named twice, or the name is unknown.",
  effect: "update",
  scopes: ["org:write"],
  input: z.strictObject({
    environmentId,
    organizationId,
    features: distinct(feature, { minLength: 1, maxLength: 2 }, ({ name }) => name)
      .describe("The features to switch, each at most once"),
  }),
  audit: { clear: ["environmentId", "organizationId", "features"] },
  output: organization,
  next: () => "Tell the person you work for which features are on now, as settings says.",
  handle: ({ environmentId, organizationId, features }, { workspace }) =>
    workspace.updateOrganizationSettings(environmentId, organizationId, features),
});
