/** One organization. */

import { organization } from "../tools/objects.ts";
import { environmentId, organizationId } from "../tools/shapes.ts";
import { environmentIds, organizationIds } from "./completers.ts";
import { defineResource } from "./registry.ts";

export default defineResource({
  template: "organization://{environmentId}/{organizationId}",
  name: "organization",
  title: "Organization",
  description:
    "One organization (a customer) with its name, external id, metadata and features, as get_organization_details " +
    "returns it. Its people are in organization_users.",
  mimeType: "application/json",
  scopes: ["org:read"],
  params: { environmentId, organizationId },
  complete: { environmentId: environmentIds, organizationId: organizationIds },
  changedBy: ["organization"],
  output: organization,
  read: ({ environmentId, organizationId }, { workspace }) =>
    workspace.getOrganization(environmentId, organizationId),
});
