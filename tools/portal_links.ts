/** What the tools about admin portal links have in common: the shape of a link without its secret. */

import { z } from "zod";

export const portalLink = z.object({
  id: z.string(),
  organizationId: z.string(),
  features: z.array(z.enum(["sso", "dir_sync"])).readonly().describe("What it sets up"),
  createTime: z.string().describe("RFC 3339"),
  expireTime: z.string().describe("RFC 3339"),
});
