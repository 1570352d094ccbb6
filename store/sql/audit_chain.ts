/** The writing end of an audit chain in tables: a group is one statement, through the session that holds the chain. */

import { sql } from "kysely";
import { chainLost } from "../audit/storage.ts";
import type { ClaimedChain } from "../audit/storage.ts";
import type { PostgresLocation } from "../postgres_location.ts";
import { createChainLock, isHeldByOther, lockName } from "./audit_lock.ts";

/** Takes a chain, or returns `undefined` where another session has it. */
export async function claimChain(
  location: PostgresLocation,
  chain: string,
): Promise<ClaimedChain | undefined> {
  // Imported on demand, as it is what loads the driver.
  const { openPostgresSession } = await import("./postgres.ts");
  const { schema } = location;
  const lock = createChainLock(lockName(schema, chain));
  const db = openPostgresSession(location, lock.take);
  /** What was sent and may have been done. */
  let inDoubt: { readonly head: string; readonly lastSeq: number } | undefined;
  /** The last record that a group was found to have written which seemed to have failed. */
  let found = 0;
  /** The session of the last success; as long as it is the same, nobody else can have had the chain. */
  let session: number;
  let lost = false;

  async function readHead(): Promise<string | undefined> {
    const row = await db.selectFrom("audit_heads").select("head").where("chain", "=", chain)
      .executeTakeFirst();
    return row?.head;
  }

  let known: string | undefined;
  try {
    known = await readHead();
    session = lock.sessions;
  } catch (error) {
    await db.destroy();
    if (isHeldByOther(error)) return undefined;
    throw error;
  }

  /** Runs one step; whoever lost the chain once has lost it for good. */
  async function step<T>(work: () => Promise<T>): Promise<T> {
    if (lost) throw chainLost();
    try {
      const result = await work();
      session = lock.sessions;
      return result;
    } catch (error) {
      if (!isHeldByOther(error)) throw error;
      lost = true;
      throw chainLost(error);
    }
  }

  /** Somebody wrote the head: a process that had the chain while our session was gone, or a stranger. */
  function changed(): Error {
    if (lock.sessions === session) {
      return new Error(`The head of the chain ${chain} was changed by another`);
    }
    lost = true;
    return chainLost();
  }

  async function settle({ head, lastSeq }: { head: string; lastSeq: number }): Promise<void> {
    const present = await readHead();
    if (present === head) {
      known = head;
      found = lastSeq;
    } else if (present !== known) throw changed();
    inDoubt = undefined;
  }

  /**
   * The head is replaced where it is the one that we know, and the lines are there if it was: a writer who was shut out
   * writes nothing, whatever became of its lock. Returns whether it was.
   */
  async function write(lines: readonly string[], firstSeq: number, head: string): Promise<boolean> {
    const { numAffectedRows = 0n } = await sql`
      with moved as (
        update ${sql.id(schema, "audit_heads")} set head = ${head}
        where chain = ${chain} and head = ${known} returning chain
      )
      insert into ${sql.id(schema, "audit_lines")} (chain, seq, line)
      select moved.chain, ${firstSeq}::bigint + added.n - 1, added.line
      from moved, unnest(${lines}::text[]) with ordinality as added (line, n)`.execute(db);
    return numAffectedRows > 0n;
  }

  return {
    append: (lines, firstSeq, head) =>
      step(async () => {
        if (inDoubt) await settle(inDoubt);
        const rest = lines.slice(Math.max(0, found - firstSeq + 1));
        if (rest.length === 0) return;
        inDoubt = { head, lastSeq: firstSeq + lines.length - 1 };
        const written = await write(rest, firstSeq + lines.length - rest.length, head);
        inDoubt = undefined;
        if (!written) throw changed();
        known = head;
      }),

    saveHead: (text) =>
      step(async () => {
        if (text === known) return;
        const saved = known === undefined
          ? await db.insertInto("audit_heads").values({ chain, head: text })
            .onConflict((conflict) => conflict.doNothing()).returning("chain").executeTakeFirst()
          : await db.updateTable("audit_heads").set({ head: text })
            .where("chain", "=", chain).where("head", "=", known).returning("chain")
            .executeTakeFirst();
        if (saved === undefined) throw changed();
        known = text;
      }),

    async release() {
      await lock.release();
      await db.destroy();
    },
  };
}
