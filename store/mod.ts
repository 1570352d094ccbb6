/** The store as one value: the workspace, the clients, the authorization server's state, revocations and idempotency keys. */

import { AppError } from "../errors.ts";
import type { OpenStoreOptions, Store } from "./store.ts";

export type { OpenStoreOptions, Store } from "./store.ts";

/**
 * Opens the store at a location, `sqlite:PATH` or `sqlite::memory:`, creating or upgrading its tables.
 *
 * @throws {AppError} `invalid_request` for a location of another form, `unavailable` when the store cannot be opened.
 */
export async function openStore(location: string, options: OpenStoreOptions): Promise<Store> {
  if (/^sqlite:./.test(location)) {
    // Imported on demand, so that a deployment with another store never loads `node:sqlite`.
    const { openSqlStore } = await import("./sql/open.ts");
    return await openSqlStore(location, options);
  }
  // The location is not repeated: it may hold a password.
  throw new AppError(
    "invalid_request",
    "Cannot tell what kind of store is meant: the location must be sqlite:PATH or sqlite::memory:",
    { reason: "store_location" },
  );
}
