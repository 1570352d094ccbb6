/** Changes the role of a workspace member. */

import { z } from "zod";
import { workspaceMember } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { memberId } from "./shapes.ts";

export default defineTool({
  name: "update_workspace_member",
  title: "Update workspace member",
  description:
    "Changes the role of a person who administers this workspace, also of one who is only invited yet. USER is enough " +
    "for daily work; ADMIN also manages members, so ask which one is meant. " +
    "Not for the people of a customer: their roles are changed with set_organization_user_roles. " +
    "Take memberId from list_workspace_members. Returns the member as they are afterwards; repeating a call changes " +
    "nothing more. Errors: not_found, there is no such member; conflict, this is the last active ADMIN, and nobody " +
    "could manage the workspace any more: make another active member ADMIN first.",
  effect: "update",
  scopes: ["wks:write"],
  input: z.strictObject({
    memberId,
    role: z.enum(["ADMIN", "USER"]).describe("Ask which one is meant; ADMIN also manages members"),
  }),
  audit: { clear: ["memberId", "role"] },
  output: workspaceMember,
  handle: ({ memberId, role }, { workspace }) =>
    workspace.updateWorkspaceMember(memberId, { role }),
});
