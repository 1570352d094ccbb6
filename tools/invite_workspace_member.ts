/** Invites a person to the workspace in a role that the caller has to name. */

import { z } from "zod";
import { workspaceMember } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { email } from "./shapes.ts";

export default defineTool({
  name: "invite_workspace_member",
  title: "Invite workspace member",
  description:
    "Invites a person to administer this workspace and returns the member with status PENDING_INVITE. " +
    "The role has no default: ask which one is meant. USER is enough for daily work; ADMIN also manages members. " +
    "Not for the people of a customer: those are added with create_organization_user. " +
    "Look at list_workspace_members first. " +
    "The error conflict means that the person is a member or invited already; do not repeat the call.",
  effect: "create",
  scopes: ["wks:write"],
  input: z.strictObject({
    email,
    role: z.enum(["ADMIN", "USER"]).describe("Ask which one is meant; ADMIN also manages members"),
  }),
  audit: { clear: ["role"] },
  output: workspaceMember,
  next: () => "See with list_workspace_members when the invitation is accepted.",
  handle: (input, { workspace }) => workspace.inviteWorkspaceMember(input),
});
