/** Returns one organization. */

import { z } from "zod";
import { organization } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId } from "./shapes.ts";

export default defineTool({
  name: "get_organization_details",
  title: "Get organization details",
  description:
    "Returns one organization with everything known of it: name, external id, metadata, and which features " +
    "(sso, dir_sync) are on. Use it before update_organization_settings, or when the list does not say enough. " +
    "Take the ids from list_environments and list_organizations. " +
    "The error not_found means that this environment has no such organization: it may be in another environment.",
  effect: "read",
  scopes: ["org:read"],
  input: z.strictObject({ environmentId, organizationId }),
  audit: { clear: ["environmentId", "organizationId"] },
  output: organization,
  next: () =>
    "See its people with list_organization_users. Switch features with update_organization_settings.",
  handle: ({ environmentId, organizationId }, { workspace }) =>
    workspace.getOrganization(environmentId, organizationId),
});
