/** Budgets that several instances share through Redis or PostgreSQL, and what holds while that store does not answer. */

import { createHash } from "node:crypto";
import type { StoreDriver } from "./driver.ts";
import type { Rate } from "./rates.ts";
import type { Counter, WindowCounter } from "./window.ts";

/** A store that counts for all instances. */
export interface SharedStore {
  /**
   * A counter of its own name. What `local` refuses is refused without asking the store, and while the store does not
   * answer `local` decides alone.
   */
  counter(name: string, rate: Rate, local: WindowCounter): Counter;
  close(): Promise<void>;
}

export interface SharedOptions {
  /** `redis:`, `rediss:`, `postgres:` or `postgresql:`. */
  readonly url: string;
  /** Begins every key in Redis and the table's name in PostgreSQL: lower-case letters, digits and `_`. */
  readonly prefix: string;
  /** Told of the store without credentials, and why it does not answer; at most once a minute. */
  readonly onFailure: (store: string, why: string) => void;
}

const REST_MS = 1000;
const REPORT_MS = 60_000;

export function isSharedStoreUrl(text: string): boolean {
  const url = parsed(text);
  if (url === undefined || url.host === "" || /%(?![0-9a-f]{2})/i.test(text)) return false;
  // The Redis driver ends the process over a database that is no number.
  if (/^rediss?:$/.test(url.protocol)) return /^\/?\d{0,3}$/.test(url.pathname);
  return /^postgres(ql)?:$/.test(url.protocol);
}

/** The store's address alone: neither user and password nor parameters, where a password may be too. */
export function withoutCredentials(text: string): string {
  const url = parsed(text);
  return url === undefined ? "[redacted]" : `${url.protocol}//${url.host}${url.pathname}`;
}

/** Not where a password may have been cut in two, because it has a `/`, `?` or `#` that is not percent-encoded. */
function parsed(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.hash === "" && !(url.pathname + url.search).includes("@") ? url : undefined;
}

/** Connects to the store; one that cannot be reached is reported, and asked again as long as it takes. */
export async function openSharedStore(options: SharedOptions): Promise<SharedStore> {
  const { url, prefix } = options;
  const driver: StoreDriver = url.startsWith("redis")
    ? (await import("./redis.ts")).openRedis(url, prefix)
    : (await import("./postgres.ts")).openPostgres(url, prefix);
  const ask = askedInPeace(options);
  await ask(() => driver.connect());
  return {
    counter(name, rate, local) {
      const draw = driver.counter(name, rate);
      return {
        async take(key, points) {
          const own = local.take(key, points);
          // So neither a flood of one key nor one of many keys reaches the store.
          if (!own.allowed || own.crowded) return own;
          const drawn = await ask(() => draw(digest(key), points));
          if (drawn === undefined) return own;
          const tighter = own.remaining < drawn.remaining ? own : drawn;
          return { ...tighter, allowed: drawn.allowed, crowded: false };
        },
      };
    },
    close: () => driver.close(),
  };
}

/** Keys have names of clients in them, and any length. */
function digest(key: string): string {
  return createHash("sha256").update(key).digest("base64url");
}

/**
 * Asks a store, and leaves it alone for a second after it did not answer; then one question is the trial for all. So a
 * store that hangs does not hold up every caller for its time-out.
 */
function askedInPeace({ url, onFailure }: SharedOptions) {
  let failing = false;
  let trying = false;
  let restsUntil = 0;
  let reportedAt = -Infinity;
  return async <Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> => {
    if (failing && (trying || performance.now() < restsUntil)) return undefined;
    const isTrial = failing;
    if (isTrial) trying = true;
    try {
      const answer = await question();
      if (isTrial) failing = false;
      return answer;
    } catch (error) {
      const at = performance.now();
      failing = true;
      restsUntil = at + REST_MS;
      if (at - reportedAt >= REPORT_MS) {
        reportedAt = at;
        onFailure(withoutCredentials(url), reasonOf(error, url));
      }
      return undefined;
    } finally {
      if (isTrial) trying = false;
    }
  };
}

/** A driver's own words, without the password should it be among them. */
function reasonOf(error: unknown, url: string): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const text = String(message || code || error).slice(0, 200);
  const { password } = new URL(url);
  if (password === "") return text;
  return text.replaceAll(password, "***").replaceAll(decoded(password), "***");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
