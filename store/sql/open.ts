/** Opens the SQL store: finds the dialect, brings the tables up to date, and puts the parts together. */

import { resolve } from "node:path";
import { AppError } from "../../errors.ts";
import type { StoreLocation } from "../location.ts";
import type { PostgresLocation } from "../postgres_location.ts";
import type { OpenStoreOptions, Store } from "../store.ts";
import { createAuthorizationState } from "./authorization_state.ts";
import { createClientStore } from "./clients.ts";
import { openingError, storeFault } from "./fault.ts";
import { createIdempotencyStore } from "./idempotency.ts";
import { createIds } from "./ids.ts";
import { migrate, type MigrateOptions, MIGRATIONS_TABLE } from "./migrations.ts";
import type { Database } from "./schema.ts";
import { createReplayStore } from "./replay.ts";
import { createRevocationStore } from "./revocations.ts";
import { createSecretStore } from "./secrets.ts";
import { seedWorkspace } from "./seed.ts";
import { createWorkspace } from "./workspace.ts";

/**
 * Opens the store at a location.
 *
 * @throws {AppError} `unavailable` naming the store and why it cannot be used.
 */
export async function openSqlStore(
  location: StoreLocation,
  { now, seed = true }: OpenStoreOptions,
): Promise<Store> {
  const options = { now, seed: seed ? seedWorkspace : undefined };
  const db = location.kind === "sqlite"
    ? await openFile(location.path, options)
    : await openServer(location, options);
  return createStore(db, now);
}

/** Each driver is imported on demand, so that nobody loads the other one. */
async function openFile(given: string, options: MigrateOptions): Promise<Database> {
  const { MEMORY, openSqlite } = await import("./sqlite.ts");
  // Absolute, as SQLite would take a bare `file:...` for a URI with options of its own.
  const path = given === MEMORY ? MEMORY : resolve(given);
  let db: Database | undefined;
  try {
    db = openSqlite(path);
    await migrate(db, options);
    return db;
  } catch (error) {
    await db?.destroy();
    throw openingError(path, error);
  }
}

async function openServer(location: PostgresLocation, options: MigrateOptions): Promise<Database> {
  const { openPostgres, preparePostgres } = await import("./postgres.ts");
  try {
    await preparePostgres(location, (db, place) => migrate(db, { ...options, place }));
    return openPostgres(location);
  } catch (error) {
    throw openingError(location.shown, error);
  }
}

function createStore(db: Database, now: () => Date): Store {
  const context = { db, now, newId: createIds(now) };
  return {
    workspace: createWorkspace(context),
    clients: createClientStore(context),
    authorizationState: createAuthorizationState(context),
    replay: createReplayStore(context),
    revocations: createRevocationStore(context),
    secrets: createSecretStore(context),
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
