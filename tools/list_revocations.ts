/** Lists what is revoked. */

import { z } from "zod";
import { AppError } from "../errors.ts";
import { nextPage } from "./hints.ts";
import { pageInfo } from "./objects.ts";
import { defineTool } from "./registry.ts";
import { describeRevocation, revocation } from "./revocations.ts";
import { pageArguments } from "./shapes.ts";

/** The last id of the page before; ids only grow, so what is added or restored meanwhile shifts nothing. */
const PAGE_TOKEN = /^rev_[0-9A-Z]{26}$/;

export default defineTool({
  name: "list_revocations",
  title: "List revocations",
  description:
    "Lists whose access is revoked now, newest first: tokens, clients, people, and whole issuers up to a time, each " +
    "with who revoked it and why. Use it to find out why somebody is refused, and to get the revocationId for " +
    "restore_access. Revocations that ended nothing any more are not in it. " +
    "Returns one page and totalSize; if nextPageToken is there, call again with it as pageToken. " +
    "The error invalid_input means that the page token is not from this list: start again without pageToken.",
  effect: "read",
  scopes: ["access:read"],
  input: z.strictObject(pageArguments),
  output: z.object({ revocations: z.array(revocation).readonly(), ...pageInfo }),
  next: (output) =>
    nextPage(
      "list_revocations",
      output,
      output.revocations.length > 0
        ? "To give access back, take an id as revocationId to restore_access."
        : undefined,
    ),
  async handle({ pageSize, pageToken }, { access }) {
    if (pageToken !== undefined && !PAGE_TOKEN.test(pageToken)) {
      throw new AppError(
        "invalid_input",
        "The pageToken was not issued for this list; call again without it",
        { reason: "page_token" },
      );
    }
    const all = await access.list();
    const rest = all.filter(({ id }) => pageToken === undefined || id < pageToken);
    const page = rest.slice(0, pageSize);
    const last = page.at(-1);
    return {
      revocations: page.map(describeRevocation),
      totalSize: all.length,
      ...(last && rest.length > page.length && { nextPageToken: last.id }),
    };
  },
});
