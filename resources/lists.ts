/** What resources say that hold a list: a resource has no pages, so it has the first of them. */

import { z } from "zod";

/** The longest page of the workspace. */
export const MOST_ITEMS = 100;

export const wholeOrNot = {
  totalSize: z.int().min(0),
  complete: z.boolean().describe("Whether all of them are here"),
};
