/** Admin portal links: for a limited time, whoever has one sets up sign-in and directory sync of one organization. */

import type { Feature } from "./objects.ts";

/** Seconds. */
export const PORTAL_LINK_LIFETIME = { min: 300, default: 604_800, max: 2_592_000 } as const;

/** How many an organization can have open: several people may be at it, and a leak is found among a few. */
export const MAX_PORTAL_LINKS = 10;

export interface AdminPortalLink {
  readonly id: string;
  readonly organizationId: string;
  /** What can be set up with it. */
  readonly features: readonly Feature["name"][];
  readonly createTime: string;
  readonly expireTime: string;
}

/** A link as it is shown once, to who made it; the store keeps a hash of its secret. */
export interface NewAdminPortalLink extends AdminPortalLink {
  readonly location: string;
}

export interface AdminPortalLinkWorkspace {
  /** `conflict` when the organization has `MAX_PORTAL_LINKS` open ones. */
  createAdminPortalLink(
    environmentId: string,
    organizationId: string,
    input: {
      readonly features: readonly Feature["name"][];
      readonly lifetimeSeconds?: number | undefined;
    },
  ): Promise<NewAdminPortalLink>;
  /** The open ones, oldest first. */
  listAdminPortalLinks(
    environmentId: string,
    organizationId: string,
  ): Promise<readonly AdminPortalLink[]>;
  /** Ends all open ones, and returns them. */
  revokeAdminPortalLinks(
    environmentId: string,
    organizationId: string,
  ): Promise<readonly AdminPortalLink[]>;
}
