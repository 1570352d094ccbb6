/** Lists the workspace's environments: where most work starts, since other tools ask for an environment id. */

import { z } from "zod";
import { nextPage } from "./hints.ts";
import { environment, pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_environments",
  title: "List environments",
  description:
    "Lists the environments of the workspace with their ids, names, types (DEV or PRD), regions and domains. " +
    "Call it first: most other tools ask for an environmentId, and this is where ids come from. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken. " +
    "The error invalid_input means that an argument is wrong or the page token is not from this list: " +
    "start again without pageToken.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject(pageArguments),
  audit: { clear: ["pageSize"] },
  output: z.object({ environments: z.array(environment).readonly(), ...pageInfo }),
  next: (output) =>
    nextPage(
      "list_environments",
      output,
      "Use an id as environmentId, first of all in list_organizations.",
    ),
  async handle(page, { workspace }) {
    const { items, ...info } = await workspace.listEnvironments(page);
    return { environments: items, ...info };
  },
});
