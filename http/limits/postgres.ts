/** Counts in PostgreSQL; loaded only where it is configured. */

import { clearInterval, setInterval } from "node:timers";
import pg from "pg";
import { RateLimiterPostgres } from "rate-limiter-flexible";
import { drawing } from "./drawing.ts";
import type { StoreDriver } from "./driver.ts";

const QUERY_TIMEOUT_MS = 500;
const CONNECT_TIMEOUT_MS = 2000;
const SWEEP_MS = 60_000;
const CONNECTIONS = 10;
/** `unique_violation`, when two instances start together, and `insufficient_privilege`, when an administrator made it. */
const MADE_BY_OTHERS = new Set(["23505", "42501"]);

/** The part of the driver that is used here; it comes without types, and those beside it change Node's for all. */
interface Pool {
  query(text: string, values?: readonly unknown[]): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): void;
  end(): Promise<void>;
}

/** Connects as needed; the table is made where there is none. */
export function openPostgres(url: string, prefix: string): StoreDriver {
  const tableName = `${prefix}_rate_limits`;
  const pool: Pool = new pg.Pool({
    connectionString: url,
    application_name: "gatehouse",
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  });
  // A connection that breaks while it is idle has nobody else to tell; the next query fails or gets a new one.
  pool.on("error", () => {});
  let table: Promise<void> | undefined;
  const ready = () =>
    table ??= createTable(pool, tableName).catch((error) => {
      table = undefined;
      throw error;
    });
  // The library would keep what has expired for an hour, in which a flood of addresses could fill the disk.
  const sweep = setInterval(() => {
    void pool.query(`DELETE FROM "${tableName}" WHERE expire < $1`, [Date.now()]).catch(() => {});
  }, SWEEP_MS);
  sweep.unref();
  return {
    connect: ready,
    counter(name, { points, seconds }) {
      const draw = drawing(
        new RateLimiterPostgres({
          storeClient: pool,
          storeType: "pool",
          tableName,
          tableCreated: true,
          clearExpiredByTimeout: false,
          keyPrefix: name,
          points,
          duration: seconds,
        }),
      );
      return async (key, cost) => {
        try {
          await ready();
          return await draw(key, cost);
        } catch (error) {
          // The table may be what is missing.
          table = undefined;
          throw error;
        }
      };
    },
    async close() {
      clearInterval(sweep);
      await pool.end();
    },
  };
}

/** Unlogged: the counts of seconds are not worth a write-ahead log, and a crash of the database may empty them. */
async function createTable(pool: Pool, name: string): Promise<void> {
  try {
    await pool.query(
      `CREATE UNLOGGED TABLE IF NOT EXISTS "${name}" ` +
        "(key text PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint)",
    );
  } catch (error) {
    if (!MADE_BY_OTHERS.has((error as { code?: string }).code ?? "")) throw error;
  }
}
