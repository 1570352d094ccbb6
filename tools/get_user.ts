/** Returns one person with their organizations. */

import { z } from "zod";
import { userDetails } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, userId } from "./shapes.ts";

export default defineTool({
  name: "get_user",
  title: "Get user",
  description:
    "Returns one person of an environment: email, names, external id, and every organization they belong to with " +
    "their roles there (the last 100, and how many there are). Use it to see where somebody has access, and before " +
    "update_user or remove_organization_user. Take userId from list_users or list_organization_users. " +
    "The error not_found means that this environment has no such user: they may be in another environment, or gone " +
    "with the last organization they belonged to.",
  effect: "read",
  scopes: ["org:read"],
  input: z.strictObject({ environmentId, userId }),
  audit: { clear: ["environmentId", "userId"] },
  output: userDetails,
  handle: ({ environmentId, userId }, { workspace }) => workspace.getUser(environmentId, userId),
});
