/** Lists or searches the organizations of an environment. */

import { z } from "zod";
import { nextPage } from "./hints.ts";
import { listedOrganization, pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, line, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_organizations",
  title: "List organizations",
  description:
    "Lists the organizations (customers) of one environment, newest first, or only those that match search. " +
    "Use search to find an organization by a part of its name, external id or id instead of reading all pages. " +
    "Needs an environmentId from list_environments. " +
    "Returns one page with ids, names, external ids and features, and totalSize; if nextPageToken is there, call " +
    "again with it as pageToken and the same search. Metadata is left out: get_organization_details has it. " +
    "Errors: not_found, there is no such environment; invalid_input, an argument is wrong or the page token " +
    "belongs to another list.",
  effect: "read",
  scopes: ["org:read"],
  input: z.strictObject({
    environmentId,
    search: line(100)
      .meta({
        description:
          "Part of a display name, external id or id, in any case; leave out to list all",
        examples: ["acme"],
      })
      .optional(),
    ...pageArguments,
  }),
  audit: { clear: ["environmentId", "pageSize"] },
  output: z.object({ organizations: z.array(listedOrganization).readonly(), ...pageInfo }),
  next(output, { search }) {
    if (output.organizations.length > 0) {
      const use =
        "Use an id as organizationId, in get_organization_details or list_organization_users.";
      return nextPage("list_organizations", output, use);
    }
    if (search === undefined) return "There are none yet. Make the first with create_organization.";
    return "Nothing matches: try a shorter part of the name, or another environment of list_environments. " +
      "If it does not exist yet, make it with create_organization.";
  },
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listOrganizations(environmentId, page);
    return { organizations: items, ...info };
  },
});
