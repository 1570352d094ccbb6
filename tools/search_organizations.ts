/** Finds organizations by a part of their name or ids. */

import { z } from "zod";
import { listedOrganization, pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, line, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "search_organizations",
  title: "Search organizations",
  description:
    "Finds organizations (customers) of one environment by a part of their display name, external id or id, in any " +
    "case, newest first. Use it when someone names a customer and you need the organizationId; for all of them use " +
    "list_organizations. If more than one is found, ask which is meant instead of taking the first. " +
    "Take environmentId from list_environments. Returns one page and totalSize; totalSize 0 means that there is none, " +
    "so try fewer letters before creating one. If nextPageToken is there, call again with it as pageToken and the " +
    "same query. Errors: not_found, there is no such environment; invalid_input, the query is shorter than 3 letters.",
  effect: "read",
  scopes: ["org:read"],
  input: z.strictObject({
    environmentId,
    query: line(100)
      .min(3)
      .describe("3 to 100 letters that are next to each other in a display name, external id or id")
      .meta({ examples: ["kestrel"] }),
    ...pageArguments,
  }),
  audit: { clear: ["environmentId", "pageSize"] },
  output: z.object({ organizations: z.array(listedOrganization).readonly(), ...pageInfo }),
  async handle({ environmentId, query, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listOrganizations(environmentId, {
      ...page,
      search: query,
    });
    return { organizations: items, ...info };
  },
});
