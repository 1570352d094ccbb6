/** Proposes ids of the workspace's objects, by what was typed of an id or of a name. */

import { toAppError } from "../errors.ts";
import type { Completer, Completion } from "./registry.ts";

/** What one answer may hold (MCP, completion/complete), and one page of a list. */
const MOST = 100;
/** Environments are few; whoever has more than this many types an id in full. */
const MOST_PAGES = 5;
const NONE: Completion = { values: [], hasMore: false };

interface Named {
  readonly id: string;
  readonly displayName: string;
}

/** Ids of environments. */
export const environmentIds: Completer = {
  scopes: ["env:read"],
  async complete(typed, _given, { workspace, signal }) {
    const values: string[] = [];
    let pageToken: string | undefined;
    for (let page = 0; page < MOST_PAGES && !signal.aborted; page += 1) {
      const { items, nextPageToken } = await workspace.listEnvironments({
        pageSize: MOST,
        pageToken,
      });
      values.push(...items.filter((item) => begins(item, typed)).map(({ id }) => id));
      pageToken = nextPageToken;
      if (pageToken === undefined) break;
    }
    return { values: values.slice(0, MOST), hasMore: values.length > MOST || !!pageToken };
  },
};

/** Ids of the organizations of the environment that is given already. */
export const organizationIds: Completer = {
  scopes: ["org:read"],
  async complete(typed, { environmentId }, { workspace }) {
    if (environmentId === undefined) return NONE;
    try {
      const { items, nextPageToken } = await workspace.listOrganizations(environmentId, {
        pageSize: MOST,
        ...(typed === "" ? {} : { search: typed }),
      });
      const values = items.filter((item) => begins(item, typed)).map(({ id }) => id);
      return { values, hasMore: nextPageToken !== undefined };
    } catch (thrown) {
      // Half of an id is typed into the other field.
      if (toAppError(thrown).code === "not_found") return NONE;
      throw thrown;
    }
  },
};

function begins({ id, displayName }: Named, typed: string): boolean {
  return id.startsWith(typed) || displayName.toLowerCase().startsWith(typed.toLowerCase());
}
