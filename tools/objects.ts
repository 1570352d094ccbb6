/** The building blocks of output schemas: the workspace's objects as tools return them. */

import { z } from "zod";

export const times = {
  createTime: z.string().describe("RFC 3339"),
  updateTime: z.string().describe("RFC 3339"),
};

export const environment = z.object({
  id: z.string().describe("Takes the place of environmentId in other tools"),
  displayName: z.string(),
  type: z.enum(["DEV", "PRD"]).describe("DEV for development, PRD for production"),
  regionCode: z.enum(["US", "EU"]),
  domain: z.string(),
  customDomain: z.string().optional(),
  customDomainStatus: z.enum(["PENDING", "ACTIVE", "FAILED", "INITIAL"]).optional(),
  ...times,
});

export const organization = z.object({
  id: z.string().describe("Takes the place of organizationId in other tools"),
  environmentId: z.string(),
  displayName: z.string(),
  externalId: z.string().describe("The caller's own id, where one was given").optional(),
  metadata: z.record(z.string(), z.string()),
  settings: z.object({
    features: z.array(z.object({ name: z.enum(["sso", "dir_sync"]), enabled: z.boolean() }))
      .readonly()
      .describe("A feature that is not named is off"),
  }),
  ...times,
});

/** Without metadata: a hundred organizations with it would not fit into one answer. */
export const listedOrganization = organization.omit({ metadata: true });

export const user = z.object({
  id: z.string().describe("Takes the place of userId in other tools"),
  environmentId: z.string(),
  email: z.string(),
  externalId: z.string().describe("The caller's own id, where one was given").optional(),
  givenName: z.string().optional(),
  familyName: z.string().optional(),
  ...times,
});

const membershipStatus = z.enum(["ACTIVE", "INACTIVE", "PENDING_INVITE", "INVITE_EXPIRED"]);

export const userDetails = user.extend({
  memberships: z.array(z.object({
    organizationId: z.string(),
    organizationName: z.string(),
    roles: z.array(z.string()).readonly(),
    membershipStatus,
    ...times,
  })).readonly().describe(
    "The organizations of the user, the last to be joined first, at most 100",
  ),
  membershipCount: z.int().min(0).describe("How many organizations the user belongs to"),
});

export const organizationUser = z.object({
  id: z.string(),
  organizationId: z.string(),
  email: z.string(),
  externalId: z.string().describe("The caller's own id, where one was given").optional(),
  givenName: z.string().optional(),
  familyName: z.string().optional(),
  roles: z.array(z.string()).readonly().describe("Role names in this organization"),
  membershipStatus,
  ...times,
});

export const workspaceMember = z.object({
  id: z.string(),
  email: z.string(),
  role: z.enum(["ADMIN", "USER"]),
  status: z.enum(["ACTIVE", "PENDING_INVITE"]),
  ...times,
});

/** What every list says beside its items. */
export const pageInfo = {
  totalSize: z.int().min(0).describe("How many there are on all pages"),
  nextPageToken: z.string().describe("Present when there are more pages").optional(),
};

/** The place of a row in the caller's own list, from 1. */
export const rowNumber = z.int().min(1);

/** A row of a bulk call that was refused while others went through. */
export const failedRow = z.object({
  row: rowNumber,
  email: z.string(),
  code: z.string().describe("Error code, such as conflict"),
  message: z.string(),
});
