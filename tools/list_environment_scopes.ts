/** Lists the scopes of an environment. */

import { z } from "zod";
import { scope } from "./environments.ts";
import { pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_environment_scopes",
  title: "List environment scopes",
  description:
    "Lists the scopes of one environment: what its applications and agents can ask for in access tokens, such as " +
    "invoice:read. They are the scopes of the customer's own products, not those that your own token needs for " +
    "these tools: whoami shows those. Needs an environmentId from list_environments. " +
    "Returns one page, oldest first, and totalSize; if nextPageToken is there, call again with it as pageToken. " +
    "Errors: not_found, there is no such environment; invalid_input, the page token is not from this list.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId, ...pageArguments }),
  audit: { clear: ["environmentId", "pageSize"] },
  output: z.object({ scopes: z.array(scope).readonly(), ...pageInfo }),
  async handle({ environmentId, ...page }, { workspace }) {
    const { items, ...info } = await workspace.listEnvironmentScopes(environmentId, page);
    return { scopes: items, ...info };
  },
});
