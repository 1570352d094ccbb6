/** Creates an organization in an environment. */

import { z } from "zod";
import { organization } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, externalId, line, metadata } from "./shapes.ts";

export default defineTool({
  name: "create_organization",
  title: "Create organization",
  description:
    "Creates an organization (a customer) in one environment and returns it with its new id. " +
    "Search with list_organizations first: names may repeat, so a second call makes a second organization. " +
    "Give externalId, your own id for the customer, to make that impossible. " +
    "Afterwards add people with create_organization_user or import_organization_users and switch features on with " +
    "update_organization_settings. Needs an environmentId from list_environments. " +
    "Errors: conflict, the external id is taken in this environment, so the organization probably exists: find it " +
    "with list_organizations and search; not_found, there is no such environment.",
  effect: "create",
  scopes: ["org:write"],
  input: z.strictObject({
    environmentId,
    displayName: line(200).meta({ description: "Name that people see", examples: ["Acme Inc."] }),
    externalId: externalId.optional(),
    metadata: metadata.optional(),
  }),
  audit: { clear: ["environmentId"] },
  output: organization,
  next: ({ id, environmentId }) =>
    `Add people with create_organization_user, or many with import_organization_users, using environmentId ${environmentId} and ` +
    `organizationId ${id}. Switch on single sign-on or directory sync with update_organization_settings.`,
  handle: ({ environmentId, ...input }, { workspace }) =>
    workspace.createOrganization(environmentId, input),
});
