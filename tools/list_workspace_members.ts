/** Lists the people who run this workspace. */

import { z } from "zod";
import { nextPage } from "./hints.ts";
import { pageInfo, workspaceMember } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { pageArguments } from "./shapes.ts";

export default defineTool({
  name: "list_workspace_members",
  title: "List workspace members",
  description:
    "Lists the members of the workspace itself, the people who administer it, with email, role (ADMIN or USER) " +
    "and status; PENDING_INVITE means invited and not yet there. Use it to see who has access, and before " +
    "invite_workspace_member. The users of a customer are in list_organization_users. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken. " +
    "The error invalid_input means that an argument is wrong or the page token is not from this list.",
  effect: "read",
  scopes: ["wks:read"],
  input: z.strictObject(pageArguments),
  audit: { clear: ["pageSize"] },
  output: z.object({ members: z.array(workspaceMember).readonly(), ...pageInfo }),
  next: (output) => nextPage("list_workspace_members", output),
  async handle(page, { workspace }) {
    const { items, ...info } = await workspace.listWorkspaceMembers(page);
    return { members: items, ...info };
  },
});
