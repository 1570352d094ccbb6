/** The lock of an audit chain: an advisory lock of PostgreSQL, which dies with the session that took it, also by kill -9. */

import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../../errors.ts";
import type { Client } from "./pg.d.ts";

export interface ChainLock {
  /**
   * Takes the lock for a session, to the end of the session.
   *
   * @throws {AppError} for which `isHeldByOther()` is true.
   */
  take(client: Client): Promise<void>;
  /**
   * Gives it back where the session is there to be asked; never rejects.
   *
   * The end of the session does it too, but a moment after its client has gone on.
   */
  release(): Promise<void>;
  /** How many sessions have taken it. */
  readonly sessions: number;
}

const HELD = "audit_chain_held";
const ATTEMPTS = 40;
const PAUSE_MS = 50;
const RELEASE_MS = 1_000;

export function isHeldByOther(error: unknown): boolean {
  return error instanceof AppError && error.reason === HELD;
}

/** What the lock of a chain is called; advisory locks of other databases are others. */
export function lockName(schema: string, chain: string): string {
  return `gatehouse:${schema}:audit:${chain}`;
}

interface Session {
  readonly pid: number;
  /** Tells it from a later one with the same number. */
  readonly started: string;
}

export function createChainLock(name: string): ChainLock {
  let own: Session | undefined;
  let holder: Client | undefined;
  let sessions = 0;

  async function one<Row>(client: Client, text: string, ...values: unknown[]): Promise<Row> {
    const { rows: [row] } = await client.query(text, values);
    return (row ?? {}) as Row;
  }

  return {
    get sessions() {
      return sessions;
    },

    async take(client) {
      await one(client, SETTINGS);
      // The server may not have noticed that the connection is gone, and would keep the lock for it.
      if (own) await one(client, END_SESSION, own.pid, own.started);
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const { taken } = await one<{ taken: boolean }>(client, TAKE, name);
        if (taken) {
          own = await one<Session>(client, OWN_SESSION);
          holder = client;
          sessions++;
          return;
        }
        const { pid } = await one<{ pid?: number }>(client, HOLDER, name);
        if (pid !== undefined && pid !== own?.pid) {
          throw new AppError("unavailable", "Another process writes this audit chain", {
            reason: HELD,
          });
        }
        await delay(PAUSE_MS);
      }
      throw new Error("The session that held the audit chain has not ended yet");
    },

    async release() {
      const released = holder?.query(RELEASE, [name]).catch(() => {});
      await Promise.race([released, delay(RELEASE_MS, undefined, { ref: false })]);
    },
  };
}

/**
 * Acknowledged is what is on the disk, and on that of a synchronous standby; an idle session is kept; and a session
 * whose process or network is gone ends within half a minute, which by default takes hours.
 */
const SETTINGS = `
  select set_config(name, wanted.value, false)
  from pg_settings join (values
    ('synchronous_commit', 'on'),
    ('idle_session_timeout', '0'),
    ('tcp_keepalives_idle', '10'),
    ('tcp_keepalives_interval', '5'),
    ('tcp_keepalives_count', '3')
  ) as wanted (name, value) using (name)
  where not (name = 'synchronous_commit' and setting = 'remote_apply')`;

const TAKE = "select pg_try_advisory_lock(hashtextextended($1, 0)) as taken";
const RELEASE = "select pg_advisory_unlock(hashtextextended($1, 0))";
/** The backend that holds the lock of a name, if any; a 64-bit key stands in two halves there. */
export const HOLDER = `
  select pid from pg_locks
  where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
    and ((classid::bigint << 32) | objid::bigint) = hashtextextended($1, 0)`;
const OWN_SESSION = `
  select pid, extract(epoch from backend_start)::text as started
  from pg_stat_activity where pid = pg_backend_pid()`;
const END_SESSION = `
  select pg_terminate_backend(pid)
  from pg_stat_activity where pid = $1 and extract(epoch from backend_start)::text = $2`;
