/** Finds where the audit trail of a store is kept, and opens it for writing, for reading or for verification. */

import { basename, dirname, extname, join, resolve } from "node:path";
import { AppError } from "../../errors.ts";
import type { AuditReader } from "../audit.ts";
import { readLocation } from "../location.ts";
import type { StoreLocation } from "../location.ts";
import {
  findAuditKeys,
  loadAuditKeys,
  loadOrCreateAuditKeys,
  loadOrKeepAuditKeys,
} from "./keys.ts";
import type { AuditKeys } from "./keys.ts";
import { openAuditLog } from "./log.ts";
import type { AuditLogOptions, OpenedAuditLog } from "./log.ts";
import { createMemoryStorage } from "./memory.ts";
import { createReader } from "./query.ts";
import type { AuditStorage } from "./storage.ts";

export type { AuditLogOptions, OpenedAuditLog } from "./log.ts";
export type { Checkpoint } from "./statement.ts";

/** Where a trail is, if not at the place that goes with its store. */
export interface AuditPlace {
  /** Keeps it in files on this machine. */
  readonly directory?: string | undefined;
  /** Keeps its keys in this file. */
  readonly keysFile?: string | undefined;
}

/**
 * Opens the audit trail of the store at a location to write to it. Of a PostgreSQL store it is in tables of the same
 * schema, which are there once the store was opened.
 *
 * @throws {AppError} `invalid_request` for a location of another form, `unavailable` when the trail cannot be written
 * (reason `audit_unavailable`), was tampered with (`audit_broken`), or its keys cannot be had.
 */
export async function openAudit(
  location: string,
  { directory, keysFile, ...options }: AuditLogOptions & AuditPlace,
): Promise<OpenedAuditLog> {
  const parts = await partsOf(readLocation(location), { directory, keysFile });
  try {
    const keys = await parts.makeKeys();
    return await openAuditLog(parts.storage, keys, { ...options, afterClose: parts.close });
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/** An audit trail that is only read. */
export interface AuditTrail extends AuditReader {
  readonly storage: AuditStorage;
  /** Reads the keys; throws `unavailable` where they cannot be had. */
  keys(): Promise<AuditKeys>;
  close(): Promise<void>;
}

/**
 * Opens the audit trail of a store to read it, whether or not a server is writing.
 *
 * @throws {AppError} `invalid_request` for a store in memory, whose trail no other process can see.
 */
export async function openAuditTrail(
  location: string,
  place: AuditPlace = {},
): Promise<AuditTrail> {
  const where = readLocation(location);
  if (isInMemory(where) && place.directory === undefined) {
    throw new AppError(
      "invalid_request",
      "A store in memory keeps its audit trail in the server; give --store sqlite:PATH",
      { reason: "usage" },
    );
  }
  const { storage, findKeys, close } = await partsOf(where, place);
  return { storage, query: createReader(storage).query, keys: findKeys, close };
}

interface Parts {
  readonly storage: AuditStorage;
  /** Returns the keys, which are made where there are none. */
  makeKeys(): Promise<AuditKeys>;
  /** Returns the keys that are there. */
  findKeys(): Promise<AuditKeys>;
  close(): Promise<void>;
}

async function partsOf(location: StoreLocation, place: AuditPlace): Promise<Parts> {
  const { directory } = place;
  const keysFile = place.keysFile && resolve(place.keysFile);
  if (location.kind === "postgres") {
    const { openAuditTables } = await import("../sql/audit_tables.ts");
    const { storage, secrets, close } = await openAuditTables(location);
    return {
      storage: directory === undefined ? storage : await filesIn(resolve(directory)),
      makeKeys: () => keysFile ? loadOrCreateAuditKeys(keysFile) : loadOrKeepAuditKeys(secrets),
      findKeys: () => keysFile ? loadAuditKeys(keysFile) : findAuditKeys(secrets),
      close,
    };
  }
  const files = filesOf(location.path, directory);
  const keys = keysFile ?? files?.keys;
  return {
    storage: files ? await filesIn(files.directory) : createMemoryStorage(),
    makeKeys: () => loadOrCreateAuditKeys(keys),
    findKeys: () => loadAuditKeys(keys!),
    close: () => Promise.resolve(),
  };
}

function isInMemory(location: StoreLocation): boolean {
  return location.kind === "sqlite" && location.path === ":memory:";
}

/** `gatehouse.db` has `gatehouse.audit/` and `gatehouse.audit.keys.json` beside it; a database in memory has nothing. */
function filesOf(file: string, given?: string): { directory: string; keys: string } | undefined {
  const directory = given === undefined ? undefined : resolve(given);
  if (file === ":memory:") {
    return directory === undefined
      ? undefined
      : { directory, keys: join(dirname(directory), KEY_FILE) };
  }
  const database = resolve(file);
  const name = basename(database, extname(database));
  return {
    directory: directory ?? join(dirname(database), `${name}.audit`),
    keys: join(dirname(database), KEY_FILE),
  };
}

const KEY_FILE = "gatehouse.audit.keys.json";

async function filesIn(directory: string): Promise<AuditStorage> {
  // Imported on demand, as it is what loads `node:sqlite`.
  const { createFileStorage } = await import("./files.ts");
  return createFileStorage(directory);
}
