/** Why a database cannot be used: a tag for the log, and words for the operator who starts Gatehouse. */

import { AppError } from "../../errors.ts";

const FAULTS = {
  no_directory: "its directory does not exist",
  no_permission: "there is no permission to write it or its directory",
  is_directory: "it is a directory",
  not_a_database: "it is not a database file",
  foreign_tables: "it is the database of another program",
  foreign_schema: "the schema has tables of another program; name one of our own with ?schema=NAME",
  newer_schema: "it was written by a newer version of this program",
  locked: "another program keeps it locked",
  damaged: "it is damaged",
  disk_full: "the disk is full",
  disk_error: "the disk reports an error",
  unusable: "it cannot be opened or read",
  unreachable: "no server answers there",
  connection_lost: "the connection to the server was lost",
  overloaded: "the server, or our pool, has no free connection",
  slow: "the server did not answer in time",
  contended: "other transactions were in the way too often",
  login_refused: "the server does not accept the user or the password",
  password_missing: "the server asks for a password and the location has none",
  no_database: "the server has no such database",
  no_privilege: "the user lacks a privilege on the database or the schema",
  read_only: "the server takes no writes; is it a standby?",
  encoding: "the encoding of the database must be UTF8",
  no_tls: "the server does not offer TLS; sslmode=disable would go on in plain text",
  untrusted_certificate:
    "the server's certificate is not trusted for this host; name its authority with sslrootcert=FILE",
} as const;

export type Fault = keyof typeof FAULTS;

/** The reason of a transaction that the database took back for the sake of another. */
export const CONTENDED: Fault = "contended";

/** Faults that pass by themselves, with the seconds after which another try is worth while. */
const RETRY_AFTER_SECONDS: Partial<Record<Fault, number>> = {
  unreachable: 5,
  connection_lost: 1,
  overloaded: 1,
  slow: 5,
  contended: 1,
};

/** The `unavailable` error of a running server; its message tells a caller nothing about the machine. */
export function storeFault(fault: Fault, cause?: unknown): AppError {
  return unavailable("The store cannot be used now; try again later", fault, cause);
}

/** Restates a fault met while opening for the operator, by store and cause; any other error stays as it is. */
export function openingError(store: string, thrown: unknown): unknown {
  if (!(thrown instanceof AppError) || !Object.hasOwn(FAULTS, thrown.reason)) return thrown;
  const fault = thrown.reason as Fault;
  return unavailable(`Cannot open the store ${store}: ${FAULTS[fault]}`, fault, thrown.cause);
}

function unavailable(message: string, fault: Fault, cause: unknown): AppError {
  const retryAfterSeconds = RETRY_AFTER_SECONDS[fault];
  return new AppError("unavailable", message, {
    reason: fault,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    cause,
  });
}
