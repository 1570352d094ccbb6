/** Changes the name, external id and metadata of an organization. */

import { z } from "zod";
import { organization } from "./objects.ts";
import { defineTool } from "./registry.ts";
import {
  environmentId,
  line,
  metadata,
  organizationId,
  removableLine,
  removal,
  requireChange,
} from "./shapes.ts";

export default defineTool({
  name: "update_organization",
  title: "Update organization",
  description:
    "Changes the display name, your external id or the metadata of one organization. What you leave out stays as it " +
    "is; an empty externalId removes it. metadata takes the place of all pairs, so read get_organization_details " +
    "first and send the ones to keep too. Switching features (sso, dir_sync) is what update_organization_settings is " +
    "for. Take the ids from list_environments and search_organizations. " +
    "Returns the organization as it is afterwards; repeating a call changes nothing more. " +
    "Errors: not_found, this environment has no such organization; conflict, the external id belongs to another one: " +
    "find it with search_organizations; invalid_input, nothing to change is named, or a value is wrong.",
  effect: "update",
  scopes: ["org:write"],
  input: z.strictObject({
    environmentId,
    organizationId,
    displayName: line(200).describe("The name that people see")
      .meta({ examples: ["Kestrel Robotics"] }).optional(),
    externalId: removableLine(200)
      .describe("Your own id for the organization, unique in the environment; empty removes it")
      .meta({ examples: ["crm-1042"] })
      .optional(),
    metadata: metadata.optional(),
  }),
  audit: { clear: ["environmentId", "organizationId"] },
  output: organization,
  handle({ environmentId, organizationId, ...input }, { workspace }) {
    requireChange(input, "displayName", "externalId", "metadata");
    const changes = { ...input, externalId: removal(input.externalId) };
    return workspace.updateOrganization(environmentId, organizationId, changes);
  },
});
