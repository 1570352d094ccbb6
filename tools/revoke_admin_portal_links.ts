/** Ends every open admin portal link of an organization. */

import { z } from "zod";
import { AppError } from "../errors.ts";
import { portalLink } from "./portal_links.ts";
import { defineTool } from "./registry.ts";
import { environmentId, organizationId } from "./shapes.ts";

export default defineTool({
  name: "revoke_admin_portal_links",
  title: "Revoke admin portal links",
  description:
    "Ends every open admin portal link of one organization, so that nobody gets in with one any more; what was set up " +
    "stays. Use it when a link went to the wrong person or leaked, when the set-up is done, or when " +
    "generate_admin_portal_link says that too many are open. A person is asked before it happens, and is told how many " +
    "links there are. Needs an environmentId from list_environments and an organizationId from list_organizations. " +
    "Returns the links that were ended. " +
    "Errors: not_found, this environment has no such organization, or it has no open link and there is nothing to do.",
  effect: "delete",
  scopes: ["org:write"],
  input: z.strictObject({ environmentId, organizationId }),
  audit: { clear: ["environmentId", "organizationId"] },
  output: z.object({ revoked: z.array(portalLink).readonly() }),
  async confirm({ environmentId, organizationId }, { workspace }) {
    const links = await workspace.listAdminPortalLinks(environmentId, organizationId);
    const { displayName } = await workspace.getOrganization(environmentId, organizationId);
    const last = links.map(({ expireTime }) => expireTime).sort().at(-1);
    if (last === undefined) {
      throw new AppError(
        "not_found",
        "The organization has no open admin portal link, so there is nothing to revoke",
        { reason: "portal_links", details: { organizationId } },
      );
    }
    return `Revoke all open admin portal links of the organization ${displayName} (${links.length})? ` +
      `Whoever has one can no longer set anything up with it; the last would have worked until ${last}.`;
  },
  handle: async ({ environmentId, organizationId }, { workspace }) => ({
    revoked: await workspace.revokeAdminPortalLinks(environmentId, organizationId),
  }),
});
