/** Takes a person out of the workspace. */

import { z } from "zod";
import { workspaceMember } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { memberId } from "./shapes.ts";

export default defineTool({
  name: "remove_workspace_member",
  title: "Remove workspace member",
  description:
    "Takes a person out of the people who administer this workspace, or withdraws their invitation. A person is asked " +
    "first. They can be invited again with invite_workspace_member, under another id. " +
    "Not for the people of a customer: those are taken out with remove_organization_user. To end access tokens that " +
    "the person holds now, use revoke_access too. Take memberId from list_workspace_members. " +
    "Returns the member as they were. Errors: not_found, there is no such member, perhaps no more; conflict, this is " +
    "the last active ADMIN: make another active member ADMIN with update_workspace_member first.",
  effect: "delete",
  scopes: ["wks:write"],
  input: z.strictObject({ memberId }),
  audit: { clear: ["memberId"] },
  output: z.object({ removed: workspaceMember }),
  async confirm({ memberId }, { workspace }) {
    const { email, role, status } = await workspace.getWorkspaceMember(memberId);
    return status === "PENDING_INVITE"
      ? `Withdraw the invitation of ${email} to this workspace (role ${role})?`
      : `Remove ${email} (role ${role}) from this workspace? They can no longer administer it.`;
  },
  async handle({ memberId }, { workspace }) {
    return { removed: await workspace.removeWorkspaceMember(memberId) };
  },
});
