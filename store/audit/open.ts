/** Finds where the audit trail of a store is kept, and opens it for writing, for reading or for verification. */

import { basename, dirname, extname, join, resolve } from "node:path";
import { AppError } from "../../errors.ts";
import type { AuditReader } from "../audit.ts";
import { loadAuditKeys, loadOrCreateAuditKeys } from "./keys.ts";
import type { AuditKeys } from "./keys.ts";
import { openAuditLog } from "./log.ts";
import type { AuditLogOptions, OpenedAuditLog } from "./log.ts";
import { createMemoryStorage } from "./memory.ts";
import { createReader } from "./query.ts";
import type { AuditStorage } from "./storage.ts";

export type { AuditLogOptions, OpenedAuditLog } from "./log.ts";
export type { Checkpoint } from "./statement.ts";

export interface OpenAuditOptions extends AuditLogOptions {
  /** Keeps the trail there instead of beside the database. */
  readonly directory?: string | undefined;
}

/**
 * Opens the audit trail of the store at a location, `sqlite:PATH` or `sqlite::memory:`, to write to it.
 *
 * @throws {AppError} `invalid_request` for a location of another form, `unavailable` when the trail cannot be written
 * (reason `audit_unavailable`), was tampered with (`audit_broken`), or its keys cannot be had.
 */
export async function openAudit(
  location: string,
  { directory, ...options }: OpenAuditOptions,
): Promise<OpenedAuditLog> {
  const place = auditPlace(location, directory);
  const keys = await loadOrCreateAuditKeys(place?.keys);
  return await openAuditLog(await storageAt(place), keys, options);
}

/** An audit trail that is only read. */
export interface AuditTrail extends AuditReader {
  readonly storage: AuditStorage;
  /** Reads the keys; throws `unavailable` where they cannot be had. */
  keys(): Promise<AuditKeys>;
}

/**
 * Opens the audit trail of a store to read it, whether or not a server is writing.
 *
 * @throws {AppError} `invalid_request` for a store in memory, whose trail no other process can see.
 */
export async function openAuditTrail(location: string, directory?: string): Promise<AuditTrail> {
  const place = auditPlace(location, directory);
  if (place === undefined) {
    throw new AppError(
      "invalid_request",
      "A store in memory keeps its audit trail in the server; give --store sqlite:PATH",
      { reason: "usage" },
    );
  }
  const storage = await storageAt(place);
  return {
    storage,
    query: createReader(storage).query,
    keys: () => loadAuditKeys(place.keys),
  };
}

interface Place {
  readonly directory: string;
  readonly keys: string;
}

/** `gatehouse.db` has `gatehouse.audit/` and `gatehouse.audit.keys.json` beside it. */
function auditPlace(location: string, directory?: string): Place | undefined {
  if (!/^sqlite:./.test(location)) {
    // The location is not repeated: it may hold a password.
    throw new AppError(
      "invalid_request",
      "Cannot tell where the audit trail is kept: the store must be sqlite:PATH or sqlite::memory:",
      { reason: "store_location" },
    );
  }
  const file = location.slice("sqlite:".length);
  if (file === ":memory:") {
    if (directory === undefined) return undefined;
    const path = resolve(directory);
    return { directory: path, keys: join(dirname(path), KEY_FILE) };
  }
  const database = resolve(file);
  const name = basename(database, extname(database));
  return {
    directory: directory === undefined
      ? join(dirname(database), `${name}.audit`)
      : resolve(directory),
    keys: join(dirname(database), KEY_FILE),
  };
}

const KEY_FILE = "gatehouse.audit.keys.json";

async function storageAt(place: Place | undefined): Promise<AuditStorage> {
  if (place === undefined) return createMemoryStorage();
  // Imported on demand, as it is what loads `node:sqlite`.
  const { createFileStorage } = await import("./files.ts");
  return createFileStorage(place.directory);
}
