/** Takes a revocation back. */

import { z } from "zod";
import { principalKey } from "../auth/principal.ts";
import { defineTool } from "./registry.ts";
import { describeEnforcement, enforcedRevocation } from "./revocations.ts";
import { id } from "./shapes.ts";

export default defineTool({
  name: "restore_access",
  title: "Restore access",
  description:
    "Takes one revocation back, so that what it ended works again: tokens that have not expired, new tokens of a " +
    "client, new sign-ins of a person. Take revocationId from list_revocations, and read there who revoked it and " +
    "why before you do; where someone is revoked more than once, each of them has to be taken back. " +
    "Calls and streams that were ended do not resume. " +
    "Returns the revocation as it was, and on how many of the running servers it is gone. " +
    "The error not_found means that no such revocation is in force: it was taken back, or it has expired.",
  effect: "update",
  scopes: ["access:write"],
  cost: 5,
  input: z.strictObject({
    revocationId: id("rev", "list_revocations")
      .describe("Id of the revocation, from list_revocations"),
  }),
  output: enforcedRevocation,
  next: () =>
    "Look in list_revocations whether another revocation of the same client or person is in force.",
  handle: async ({ revocationId }, { access, principal }) =>
    describeEnforcement(await access.restore(revocationId, principalKey(principal))),
});
