/** Opens the SQL store: finds the dialect, brings the tables up to date, and puts the parts together. */

import { resolve } from "node:path";
import { AppError } from "../../errors.ts";
import type { OpenStoreOptions, Store } from "../store.ts";
import { createAuthorizationState } from "./authorization_state.ts";
import { createClientStore } from "./clients.ts";
import { openingError, storeFault } from "./fault.ts";
import { createIdempotencyStore } from "./idempotency.ts";
import { createIds } from "./ids.ts";
import { migrate, MIGRATIONS_TABLE } from "./migrations.ts";
import type { Database } from "./schema.ts";
import { createReplayStore } from "./replay.ts";
import { createRevocationStore } from "./revocations.ts";
import { seedWorkspace } from "./seed.ts";
import { createWorkspace } from "./workspace.ts";

/**
 * Opens the store at `sqlite:PATH` or `sqlite::memory:`.
 *
 * @throws {AppError} `unavailable` naming the path and why it cannot be used.
 */
export async function openSqlStore(
  location: string,
  { now, seed = true }: OpenStoreOptions,
): Promise<Store> {
  const { MEMORY, openSqlite } = await import("./sqlite.ts");
  const given = location.slice("sqlite:".length);
  // Absolute, as SQLite would take a bare `file:...` for a URI with options of its own.
  const path = given === MEMORY ? MEMORY : resolve(given);
  let db: Database | undefined;
  try {
    db = openSqlite(path);
    await migrate(db, { now, seed: seed ? seedWorkspace : undefined });
  } catch (error) {
    await db?.destroy();
    throw openingError(path, error);
  }
  return createStore(db, now);
}

function createStore(db: Database, now: () => Date): Store {
  const context = { db, now, newId: createIds(now) };
  return {
    workspace: createWorkspace(context),
    clients: createClientStore(context),
    authorizationState: createAuthorizationState(context),
    replay: createReplayStore(context),
    revocations: createRevocationStore(context),
    idempotency: createIdempotencyStore(context),
    async ping() {
      try {
        await db.selectFrom(MIGRATIONS_TABLE).select("version").limit(1).executeTakeFirstOrThrow();
      } catch (error) {
        throw error instanceof AppError ? error : storeFault("unusable", error);
      }
    },
    close: () => db.destroy(),
  };
}
