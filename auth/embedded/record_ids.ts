/** The key under which a code, token or grant is kept: a copy of the database must not hand any of them out. */

import { createHash } from "node:crypto";

/** The SHA-256 of the value, base64url. */
export function hashId(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}
