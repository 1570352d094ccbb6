/** Lists or finds the people of an environment, each once. */

import { z } from "zod";
import { pageInfo, user } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, line, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_users",
  title: "List users",
  description:
    "Lists the people of one environment, newest first, each once however many organizations they belong to; or only " +
    "those that search finds. Use it to find a person whose organization you do not know: search for a part of their " +
    "email, or for their whole external id or id. For the people of one organization, with their roles, use " +
    "list_organization_users. Take environmentId from list_environments; get_user tells the organizations of one. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken and the same search. " +
    "Errors: not_found, there is no such environment; invalid_input, the page token belongs to another list.",
  effect: "read",
  scopes: ["org:read"],
  input: z.strictObject({
    environmentId,
    search: line(200)
      .describe("Part of an email in any case, or a whole external id or id; leave out to list all")
      .meta({ examples: ["ada@example.com"] })
      .optional(),
    ...pageArguments,
  }),
  audit: { clear: ["environmentId", "pageSize"] },
  output: z.object({ users: z.array(user).readonly(), ...pageInfo }),
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listUsers(environmentId, page);
    return { users: items, ...info };
  },
});
