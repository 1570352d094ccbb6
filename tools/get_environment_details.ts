/** Returns one environment. */

import { z } from "zod";
import { environment } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId } from "./shapes.ts";

export default defineTool({
  name: "get_environment_details",
  title: "Get environment details",
  description:
    "Returns one environment: name, type (DEV or PRD), region, domain, custom domain and its status. " +
    "Use it to check what an environment is before you change something in it, above all whether it is " +
    "production (PRD). Take the id from list_environments. " +
    "The error not_found means that the workspace has no such environment.",
  effect: "read",
  scopes: ["env:read"],
  input: z.strictObject({ environmentId }),
  audit: { clear: ["environmentId"] },
  output: environment,
  next: ({ id, type }) =>
    `See its customers with list_organizations and environmentId ${id}.` +
    (type === "PRD" ? " This is production: ask before you change anything in it." : ""),
  handle: ({ environmentId }, { workspace }) => workspace.getEnvironment(environmentId),
});
