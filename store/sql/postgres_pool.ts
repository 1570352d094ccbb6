/** Gives the pool of `pg` the shape that Kysely knows, with our faults, retries and bounds. */

import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import { AppError } from "../../errors.ts";
import { storeFault } from "./fault.ts";
import type { Pool, PoolClient } from "./pg.d.ts";
import { faultOfPostgres, outlives } from "./postgres_fault.ts";
import { retrying } from "./transaction.ts";

/** How many may wait for each connection; more would wait in vain. */
const WAITING_PER_CONNECTION = 50;
const CLOSE_MS = 5_000;
/** The SQLSTATE of text with a NUL, should one come through `assertStorable()` and `isStorable()`. */
const NOT_STORABLE = "22021";

type Result = PostgresQueryResult<Record<string, unknown>>;

export function adaptPool(pool: Pool, connections: number): PostgresPool {
  // A lost connection leaves the pool by itself; without listeners its error would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));
  return {
    options: pool.options,
    async connect() {
      if (pool.waitingCount >= connections * WAITING_PER_CONNECTION) throw storeFault("overloaded");
      return adaptClient(await translating(() => pool.connect()));
    },
    async end() {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
      await Promise.race([pool.end(), late]);
      clearTimeout(timer);
    },
  };
}

/** One use of a connection: a statement of its own, or a transaction. */
function adaptClient(client: PoolClient): PostgresPoolClient {
  let inTransaction = false;
  let broken = false;

  async function query(text: string, parameters: readonly unknown[]): Promise<Result> {
    if (/^(begin|start transaction)\b/.test(text)) inTransaction = true;
    // The server has rolled back what it lost the connection of.
    if (broken && text === "rollback") return { command: "ROLLBACK", rowCount: 0, rows: [] };
    return await translating(async () => {
      try {
        return await client.query(text, parameters) as Result;
      } catch (error) {
        broken ||= !outlives(error);
        throw error;
      }
    });
  }

  // A statement of its own is a whole transaction; within one, only the whole can be tried again.
  const retried = (text: string, parameters: readonly unknown[]) =>
    inTransaction ? query(text, parameters) : retrying(() => query(text, parameters));
  return {
    // Cursors are not used.
    query: retried as PostgresPoolClient["query"],
    release: (destroy) => client.release(destroy || broken),
  };
}

/** Restates a failure of the database as a fault; any other error is a mistake of ours and stays what it is. */
async function translating<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof AppError) throw error;
    if ((error as { code?: unknown }).code === NOT_STORABLE) {
      throw new AppError("invalid_input", "Remove the unprintable character", {
        reason: "text_not_storable",
        cause: error,
      });
    }
    const fault = faultOfPostgres(error);
    throw fault === undefined ? error : storeFault(fault, error);
  }
}
