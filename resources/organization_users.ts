/** The users of an organization who joined last. */

import { z } from "zod";
import { organizationUser } from "../tools/objects.ts";
import { environmentId, organizationId } from "../tools/shapes.ts";
import { environmentIds, organizationIds } from "./completers.ts";
import { MOST_ITEMS, wholeOrNot } from "./lists.ts";
import { defineResource } from "./registry.ts";

export default defineResource({
  template: "organization://{environmentId}/{organizationId}/users",
  name: "organization_users",
  title: "Users of an organization",
  description:
    "The people of one organization who joined last, at most 100, with roles and membership status, and how many " +
    "there are in all. Where complete is false, list_organization_users has the others.",
  mimeType: "application/json",
  scopes: ["org:read"],
  params: { environmentId, organizationId },
  complete: { environmentId: environmentIds, organizationId: organizationIds },
  changedBy: ["users"],
  output: z.object({ users: z.array(organizationUser).readonly(), ...wholeOrNot }),
  async read({ environmentId, organizationId }, { workspace }) {
    const { items, totalSize } = await workspace.listOrganizationUsers(
      environmentId,
      organizationId,
      { pageSize: MOST_ITEMS },
    );
    return { users: items, totalSize, complete: items.length === totalSize };
  },
});
