/** Reads the values of Scalekit's JSON: absent fields are proto3 defaults, int64 is text, enums may have grown. */

import { AppError } from "../../errors.ts";

export type Json = Readonly<Record<string, unknown>>;

/** The error for an answer that is not what the API documents. */
export function strangeAnswer(what: string): AppError {
  return new AppError(
    "unavailable",
    "The Scalekit API answered with something that cannot be used; try again later",
    { reason: "scalekit_answer", cause: new Error(what) },
  );
}

/**
 * The object in a field.
 *
 * @throws {AppError} `unavailable` where there is none.
 */
export function objectIn(value: Json, field: string): Json {
  const found = optionalObjectIn(value, field);
  if (found === undefined) throw strangeAnswer(`no object ${field}`);
  return found;
}

export function optionalObjectIn(value: Json, field: string): Json | undefined {
  const found = value[field];
  if (found === undefined || found === null) return undefined;
  if (typeof found !== "object" || Array.isArray(found)) throw strangeAnswer(`${field}: no object`);
  return found as Json;
}

/** The objects in a list; none where it is absent. */
export function objectsIn(value: Json, field: string): readonly Json[] {
  return listIn(value, field).map((item) => {
    if (item === null || typeof item !== "object") throw strangeAnswer(`${field}: no objects`);
    return item as Json;
  });
}

export function textsIn(value: Json, field: string): readonly string[] {
  return listIn(value, field).filter((item) => typeof item === "string");
}

function listIn(value: Json, field: string): readonly unknown[] {
  const found = value[field] ?? [];
  if (!Array.isArray(found)) throw strangeAnswer(`${field}: no list`);
  return found;
}

/**
 * An id, which goes into addresses and answers as it is.
 *
 * @throws {AppError} `unavailable` where it is none.
 */
export function idIn(value: Json, field = "id"): string {
  const found = value[field];
  if (typeof found === "string" && ID.test(found)) return found;
  throw strangeAnswer(`${field}: no id`);
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Text; empty where it is absent. */
export function textIn(value: Json, field: string): string {
  const found = value[field] ?? "";
  if (typeof found !== "string") throw strangeAnswer(`${field}: no text`);
  return found;
}

/** `{ [as]: text }`, or nothing where it is absent or empty: proto3 does not tell these apart. */
export function optionalText<Name extends string>(
  as: Name,
  text: string | undefined,
): { readonly [name in Name]?: string } {
  return text === undefined || text === "" ? {} : { [as]: text } as { [name in Name]: string };
}

/** A time as RFC 3339 in milliseconds; undefined where it is absent or none. */
export function timeIn(value: Json, field: string): string | undefined {
  const time = Date.parse(textIn(value, field));
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** A number that is not negative; int64 comes as text. */
export function countIn(value: Json, field: string): number | undefined {
  const found = value[field];
  if (found === undefined || found === null) return undefined;
  const count = typeof found === "string" && /^\d{1,15}$/.test(found) ? Number(found) : found;
  if (typeof count === "number" && Number.isSafeInteger(count) && count >= 0) return count;
  throw strangeAnswer(`${field}: no count`);
}

export function flagIn(value: Json, field: string): boolean {
  return value[field] === true;
}

/** The member of a closed list; what the API has come to know since, or leaves out, is the fallback. */
export function oneOf<T extends string>(
  known: readonly T[],
  value: Json,
  field: string,
  fallback: T,
): T {
  return known.find((name) => name === value[field]) ?? fallback;
}

/** A map from text to text; other members are left out. */
export function pairsIn(value: Json, field: string): Record<string, string> {
  const entries = Object.entries(optionalObjectIn(value, field) ?? {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
