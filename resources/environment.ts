/** One environment. */

import { environment } from "../tools/objects.ts";
import { environmentId } from "../tools/shapes.ts";
import { environmentIds } from "./completers.ts";
import { defineResource } from "./registry.ts";

export default defineResource({
  template: "environment://{environmentId}",
  name: "environment",
  title: "Environment",
  description:
    "One environment with its name, type (DEV or PRD), region and domains, as get_environment_details returns it. " +
    "Its organizations are in environment_organizations.",
  mimeType: "application/json",
  scopes: ["env:read"],
  params: { environmentId },
  complete: { environmentId: environmentIds },
  changedBy: ["environment"],
  output: environment,
  async list(page, { workspace }) {
    const { items, ...info } = await workspace.listEnvironments(page);
    return {
      items: items.map(({ id, displayName }) => ({
        params: { environmentId: id },
        title: displayName,
      })),
      ...info,
    };
  },
  read: ({ environmentId }, { workspace }) => workspace.getEnvironment(environmentId),
});
