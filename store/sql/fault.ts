/** Why a database cannot be used: a tag for the log, and words for the operator who starts Gatehouse. */

import { AppError } from "../../errors.ts";

const FAULTS = {
  no_directory: "its directory does not exist",
  no_permission: "there is no permission to write it or its directory",
  is_directory: "it is a directory",
  not_a_database: "it is not a database file",
  foreign_tables: "it is the database of another program",
  newer_schema: "it was written by a newer version of this program",
  locked: "another program keeps it locked",
  damaged: "it is damaged",
  disk_full: "the disk is full",
  disk_error: "the disk reports an error",
  unusable: "it cannot be opened or read",
} as const;

export type Fault = keyof typeof FAULTS;

/** The `unavailable` error of a running server; its message tells a caller nothing about the machine. */
export function storeFault(fault: Fault, cause?: unknown): AppError {
  return new AppError("unavailable", "The store cannot be used now; try again later", {
    reason: fault,
    cause,
  });
}

/** Restates a fault met while opening for the operator, by store and cause; any other error stays as it is. */
export function openingError(store: string, thrown: unknown): unknown {
  if (!(thrown instanceof AppError) || !Object.hasOwn(FAULTS, thrown.reason)) return thrown;
  return new AppError(
    "unavailable",
    `Cannot open the store ${store}: ${FAULTS[thrown.reason as Fault]}`,
    { reason: thrown.reason, cause: thrown.cause },
  );
}
