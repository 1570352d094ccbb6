/** The newest organizations of an environment. */

import { z } from "zod";
import { listedOrganization } from "../tools/objects.ts";
import { environmentId } from "../tools/shapes.ts";
import { environmentIds } from "./completers.ts";
import { defineResource } from "./registry.ts";
import { MOST_ITEMS, wholeOrNot } from "./lists.ts";

export default defineResource({
  template: "environment://{environmentId}/organizations",
  name: "environment_organizations",
  title: "Organizations of an environment",
  description:
    "The newest organizations (customers) of one environment, at most 100, with how many there are in all. " +
    "Where complete is false, list_organizations has the others and searches them.",
  mimeType: "application/json",
  scopes: ["org:read"],
  params: { environmentId },
  complete: { environmentId: environmentIds },
  changedBy: ["organizations"],
  output: z.object({ organizations: z.array(listedOrganization).readonly(), ...wholeOrNot }),
  async read({ environmentId }, { workspace }) {
    const { items, totalSize } = await workspace.listOrganizations(environmentId, {
      pageSize: MOST_ITEMS,
    });
    return { organizations: items, totalSize, complete: items.length === totalSize };
  },
});
