/** Admin portal links, which the API makes for us and does not list or take back. */

import type { AdminPortalLinkWorkspace } from "../workspace/admin_portal_links.ts";
import { path } from "./api.ts";
import { type Context, notSupported, organizationUnknown } from "./context.ts";
import { findOrganization } from "./organizations.ts";
import { idIn, objectIn, strangeAnswer, textIn, timeIn } from "./values.ts";

export function adminPortalLinks({ of, now }: Context): AdminPortalLinkWorkspace {
  const refuse = async (environmentId: string, organizationId: string): Promise<never> => {
    await findOrganization(of(environmentId), organizationId);
    throw notSupported(
      "a list of admin portal links, or their end",
      "each works once and for a minute; what was begun with one is ended in the Scalekit dashboard",
    );
  };
  return {
    async createAdminPortalLink(environmentId, organizationId, { features, lifetimeSeconds }) {
      const api = of(environmentId);
      if (lifetimeSeconds !== undefined) {
        throw notSupported("a choice of how long an admin portal link works", "leave the time out");
      }
      const createTime = now().toISOString();
      const body = await api.call({
        method: "PUT",
        path: path`/organizations/${organizationId}/portal_links`,
        query: { features },
        onlyOnce: true,
        missing: () => organizationUnknown(environmentId, organizationId),
      });
      const link = objectIn(body, "link");
      const location = textIn(link, "location");
      const expireTime = timeIn(link, "expire_time");
      if (!location.startsWith("https://") || expireTime === undefined) {
        throw strangeAnswer("no link");
      }
      return { id: idIn(link), organizationId, features, createTime, expireTime, location };
    },
    listAdminPortalLinks: refuse,
    revokeAdminPortalLinks: refuse,
  };
}
