/** Changes the names and external id of a person. */

import { z } from "zod";
import { userDetails } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { environmentId, removableLine, removal, requireChange, userId } from "./shapes.ts";

export default defineTool({
  name: "update_user",
  title: "Update user",
  description:
    "Changes the given name, family name or external id of one person, as all their organizations see them. " +
    "What you leave out stays as it is; an empty text removes a value. The email cannot be changed, as people sign in " +
    "with it; roles are changed with set_organization_user_roles. Take userId from list_users and look at get_user " +
    "first: an external id is how other systems know the person. " +
    "Returns the person as they are afterwards; repeating a call changes nothing more. " +
    "Errors: not_found, this environment has no such user; conflict, the external id belongs to somebody else: find " +
    "them with list_users; invalid_input, nothing to change is named, or a value is wrong.",
  effect: "update",
  scopes: ["org:write"],
  input: z.strictObject({
    environmentId,
    userId,
    givenName: removableLine(200).describe("Given name; empty removes it")
      .meta({ examples: ["Ada"] }).optional(),
    familyName: removableLine(200).describe("Family name; empty removes it")
      .meta({ examples: ["Lovelace"] }).optional(),
    externalId: removableLine(200)
      .describe("Your own id for the person, unique in the environment; empty removes it")
      .meta({ examples: ["crm-1042"] })
      .optional(),
  }),
  audit: { clear: ["environmentId", "userId"] },
  output: userDetails,
  handle({ environmentId, userId, ...input }, { workspace }) {
    requireChange(input, "givenName", "familyName", "externalId");
    return workspace.updateUser(environmentId, userId, {
      givenName: removal(input.givenName),
      familyName: removal(input.familyName),
      externalId: removal(input.externalId),
    });
  },
});
