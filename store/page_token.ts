/** What the page tokens of all backends have in common: they belong to one list, and say no more where they do not fit. */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { AppError } from "../errors.ts";

/** Tells lists and their filters apart. */
export function fingerprintOf(list: readonly (string | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(list)).digest("base64url").slice(0, 22);
}

/** What a token says; nothing where it is none. A token is no secret, and its members are to be checked. */
export function membersOf(token: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(token, "base64url").toString()));
  } catch {
    return {};
  }
}

export function notIssued(): AppError {
  return new AppError(
    "invalid_input",
    "The pageToken was not issued for this list; call again without it",
    { reason: "page_token" },
  );
}
