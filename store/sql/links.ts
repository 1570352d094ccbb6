/** Links that carry a secret: made once, kept as a hash, and swept when they have expired. */

import { createHash, randomBytes } from "node:crypto";
import type { Database, EnvironmentRow, SqlContext } from "./schema.ts";

const SWEEP_INTERVAL_MS = 60_000;

interface FreshLink {
  /** For who asked for it, and for nobody after that. */
  readonly location: string;
  readonly secretHash: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Makes a link below a path of the environment's domain, with 256 random bits at its end. */
export function freshLink(
  { domain, custom_domain, custom_domain_status }: EnvironmentRow,
  path: string,
  createdAt: Date,
  lifetimeSeconds: number,
): FreshLink {
  const secret = randomBytes(32).toString("base64url");
  const host = custom_domain !== null && custom_domain_status === "ACTIVE" ? custom_domain : domain;
  return {
    location: `https://${host}/${path}/${secret}`,
    // Nobody guesses 256 bits, so they need neither salt nor a slow hash.
    secretHash: createHash("sha256").update(secret).digest("base64url"),
    expiresAt: createdAt.getTime() + lifetimeSeconds * 1000,
  };
}

/** Deletes expired links now and then, whenever it is called; what has expired is not shown before either. */
export function createSweeper(
  { db, now }: Pick<SqlContext, "db" | "now">,
  table: "portal_links" | "magic_links",
): () => Promise<void> {
  let sweptAt = -Infinity;
  return async () => {
    const time = now().getTime();
    if (time - sweptAt < SWEEP_INTERVAL_MS) return;
    sweptAt = time;
    await deleteExpired(db, table, time);
  };
}

async function deleteExpired(
  db: Database,
  table: "portal_links" | "magic_links",
  time: number,
): Promise<void> {
  await db.deleteFrom(table).where("expires_at", "<=", time).execute();
}
