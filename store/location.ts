/** Where a store is: reads a location, and shows it without its password. */

import { AppError } from "../errors.ts";
import { type PostgresLocation, readPostgresLocation } from "./postgres_location.ts";

export type StoreLocation =
  /** `path` is `:memory:` for a database that ends with the process. */
  | { readonly kind: "sqlite"; readonly path: string }
  | PostgresLocation;

/** The forms that a location may have, for messages and help. */
export const LOCATION_FORMS =
  "sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST/DATABASE";

/**
 * Reads a location.
 *
 * @throws {AppError} `invalid_request` that says what is wrong and never repeats the location, as it may hold a password.
 */
export function readLocation(location: string): StoreLocation {
  if (/^sqlite:./.test(location)) return { kind: "sqlite", path: location.slice("sqlite:".length) };
  if (/^postgres(ql)?:/.test(location)) return readPostgresLocation(location);
  throw new AppError(
    "invalid_request",
    `Cannot tell what kind of store is meant: the location must be ${LOCATION_FORMS}`,
    { reason: "store_location" },
  );
}

/** The location for people and logs; of one that cannot be read nothing is shown, as it may be mostly password. */
export function describeLocation(location: string): string {
  try {
    const read = readLocation(location);
    return read.kind === "postgres" ? read.shown : location;
  } catch {
    return "[not readable]";
  }
}
