/** The people who run the workspace. */

import { z } from "zod";
import { workspaceMember } from "../tools/objects.ts";
import { MOST_ITEMS, wholeOrNot } from "./lists.ts";
import { defineResource } from "./registry.ts";

export default defineResource({
  uri: "workspace://members",
  name: "workspace_members",
  title: "Workspace members",
  description:
    "The people who administer this workspace with role and status, at most 100, and how many there are in all. " +
    "Where complete is false, list_workspace_members has the others.",
  mimeType: "application/json",
  scopes: ["wks:read"],
  changedBy: ["members"],
  output: z.object({ members: z.array(workspaceMember).readonly(), ...wholeOrNot }),
  async read(_, { workspace }) {
    const { items, totalSize } = await workspace.listWorkspaceMembers({ pageSize: MOST_ITEMS });
    return { members: items, totalSize, complete: items.length === totalSize };
  },
});
