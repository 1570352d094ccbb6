/** The audit log of one process: takes a chain, continues it, and reads all that are there. */

import { randomUUID } from "node:crypto";
import type { AuditEvent, AuditLog } from "../audit.ts";
import { takeChain } from "./chain.ts";
import type { OwnChain } from "./chain.ts";
import type { AuditKeys } from "./keys.ts";
import { createReader } from "./query.ts";
import { comparable, recordOf } from "./record.ts";
import type { SealedRecord } from "./record.ts";
import type { Checkpoint } from "./statement.ts";
import type { AuditStorage } from "./storage.ts";
import type { AuditCounts } from "./writer.ts";

export interface AuditLogOptions {
  /** Names the chain; where another process writes it, `NAME-2` and so on is taken. */
  readonly instance: string;
  /** The program's version, for `audit.started`. */
  readonly version: string;
  readonly now: () => Date;
  /** How long a record may wait to be written; default 100. */
  readonly flushMs?: number;
  /** How long a record may wait for a signed checkpoint; default 60 000. */
  readonly checkpointMs?: number;
  /** How long to wait for the name before another is taken; default 300. */
  readonly waitMs?: number;
  /** Takes each durable checkpoint; it should leave the machine, so that a rewritten trail can be told. */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  /** Takes what an operator should know and no record was lost by. */
  readonly onWarning?: (message: string, properties: Record<string, unknown>) => void;
  /** Takes the first of a row of failed writes. */
  readonly onError?: (error: unknown) => void;
  /** Gives back what the storage needed. */
  readonly afterClose?: () => Promise<void>;
}

/** The log, and the name of the chain that it has. */
export interface OpenedAuditLog extends AuditLog {
  /** Another one after a while in which a process elsewhere could take it over. */
  readonly chain: string;
  readonly keyId: string;
  readonly counts: AuditCounts;
}

/**
 * Opens the log and writes `audit.started`.
 *
 * @throws {AppError} `unavailable` with reason `audit_broken` for a chain that was tampered with, `audit_unavailable`
 * where nothing can be written.
 */
export async function openAuditLog(
  storage: AuditStorage,
  keys: AuditKeys,
  options: AuditLogOptions,
): Promise<OpenedAuditLog> {
  const { onWarning = () => {}, afterClose = () => Promise.resolve() } = options;
  const bootId = randomUUID();
  const take = (former?: string) =>
    takeChain(storage, keys, {
      ...options,
      bootId,
      onLost,
      ...(former !== undefined && { former }),
    });
  /** Of the chains before this one. */
  const past = { written: 0, failedFlushes: 0 };
  let moving: Promise<void> | undefined;
  let closed = false;
  let current: OwnChain | undefined;
  current = await take();

  /** The writer tries again, and calls this again, for as long as no other chain can be had. */
  function onLost(): void {
    if (closed || current === undefined) return;
    moving ??= move(current).catch(() => {}).finally(() => (moving = undefined));
  }

  async function move(lost: OwnChain): Promise<void> {
    const next = await take(lost.chain);
    const waiting = lost.writer.surrender();
    past.written += lost.writer.counts.written();
    past.failedFlushes += lost.writer.counts.failedFlushes();
    current = next;
    for (const sealed of waiting) {
      const event = eventOf(sealed);
      if (event) next.writer.record(event);
    }
    onWarning(
      "another process writes the audit chain now; this one goes on in a chain of its own",
      {
        former: lost.chain,
        chain: next.chain,
        place: storage.place,
      },
    );
  }

  const own = () => current!;
  const { query } = createReader(storage, {
    get chain() {
      return own().chain;
    },
    waiting: () => own().writer.waiting(),
  });
  return {
    get chain() {
      return own().chain;
    },
    keyId: keys.keyId,
    counts: {
      written: () => past.written + own().writer.counts.written(),
      waiting: () => own().writer.counts.waiting(),
      failedFlushes: () => past.failedFlushes + own().writer.counts.failedFlushes(),
    },
    record: (event) => own().writer.record(event),
    commit: (event) => own().writer.commit(event),
    flush: () => own().writer.flush(),
    async close() {
      closed = true;
      await moving;
      await own().writer.close();
      await afterClose();
    },
    get writable() {
      return own().writer.writable;
    },
    fingerprint: (value) => keys.fingerprint(comparable(value)),
    query,
  };
}

/** What was to be recorded; what the lost chain says of itself is of no use in another. */
function eventOf({ line }: SealedRecord): AuditEvent | undefined {
  const record = recordOf(line);
  if (record === undefined || record.event === "audit.checkpoint") return undefined;
  const { v: _, chain: __, seq: ___, prev: ____, ...event } = record;
  return event;
}
