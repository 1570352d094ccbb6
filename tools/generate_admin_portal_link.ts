/** Makes the link with which an organization's own administrator sets up sign-in and directory sync. */

import { z } from "zod";
import { MAX_PORTAL_LINKS, PORTAL_LINK_LIFETIME } from "../store/workspace/admin_portal_links.ts";
import { portalLink } from "./portal_links.ts";
import { defineTool } from "./registry.ts";
import { distinct, environmentId, organizationId } from "./shapes.ts";

export default defineTool({
  name: "generate_admin_portal_link",
  title: "Generate admin portal link",
  description:
    "Makes a link with which an administrator of one organization sets up single sign-on and directory sync themselves, " +
    "secrets included, without an account here. The link is a secret and is shown this once: whoever has it can change " +
    "how the people of the organization sign in, so give it to its administrator alone. It works until expireTime. " +
    `Earlier links go on working; an organization has ${MAX_PORTAL_LINKS} open ones at most, and ` +
    "revoke_admin_portal_links ends them all. Needs an environmentId from list_environments and an organizationId from " +
    "list_organizations. What is set up appears in list_organization_connections. " +
    "Returns the link with its id and when it expires. " +
    "Errors: conflict, too many links are open; not_found, this environment has no such organization.",
  effect: "create",
  scopes: ["org:write"],
  input: z.strictObject({
    environmentId,
    organizationId,
    features: distinct(
      z.enum(["sso", "dir_sync"]),
      { minLength: 1, maxLength: 2 },
      (feature) => feature,
    ).default(["sso", "dir_sync"]).describe("What it sets up: single sign-on, directory sync"),
    lifetimeSeconds: z.int().min(PORTAL_LINK_LIFETIME.min).max(PORTAL_LINK_LIFETIME.max)
      .describe("How long it works; seven days if left out, five minutes to 30 days")
      .optional(),
  }),
  audit: { clear: ["environmentId", "organizationId", "features", "lifetimeSeconds"] },
  output: portalLink.extend({ link: z.string().describe("An https URL, shown this once") }),
  async handle({ environmentId, organizationId, ...input }, { workspace }) {
    const { location, ...made } = await workspace.createAdminPortalLink(
      environmentId,
      organizationId,
      input,
    );
    return { ...made, link: location };
  },
});
