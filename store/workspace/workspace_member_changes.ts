/** How the people change who manage the workspace itself. */

import type { WorkspaceMember } from "./objects.ts";

export interface MemberLifecycle {
  getWorkspaceMember(memberId: string): Promise<WorkspaceMember>;
  /** `conflict` where nobody would be left who can manage members: the last active ADMIN, or the last of all. */
  updateWorkspaceMember(
    memberId: string,
    changes: { readonly role: WorkspaceMember["role"] },
  ): Promise<WorkspaceMember>;
  /** `conflict` as above. Returns the member as they were. */
  removeWorkspaceMember(memberId: string): Promise<WorkspaceMember>;
}
