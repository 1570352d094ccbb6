/** The store as one value: workspace, clients, the authorization server's state, revocations, idempotency keys and secrets. */

import { readLocation } from "./location.ts";
import type { OpenStoreOptions, Store } from "./store.ts";

export { describeLocation, LOCATION_FORMS, readLocation } from "./location.ts";
export type { SecretStore } from "./secrets.ts";
export type { OpenStoreOptions, Store } from "./store.ts";

/**
 * Opens the store at a location, `sqlite:PATH`, `sqlite::memory:` or `postgres://...`, creating or upgrading its tables.
 *
 * With `scalekit` the workspace is the one behind that API; nothing is sent to it before it is asked for something.
 *
 * @throws {AppError} `invalid_request` for a location of another form, `unavailable` when the store cannot be opened.
 */
export async function openStore(location: string, options: OpenStoreOptions): Promise<Store> {
  const where = readLocation(location);
  const { openSqlStore } = await import("./sql/open.ts");
  const local = await openSqlStore(where, options);
  if (options.scalekit === undefined) return local;
  const { createScalekitWorkspace } = await import("./scalekit/workspace.ts");
  const remote = createScalekitWorkspace(options.scalekit, options);
  return {
    ...local,
    workspace: remote.workspace,
    async close() {
      remote.close();
      await local.close();
    },
  };
}
