/** Writes one chain: events become records at once, and records durable in groups that share one disk flush. */

import { AppError } from "../../errors.ts";
import { auditUnavailable } from "../audit.ts";
import type { AuditEvent } from "../audit.ts";
import type { AuditKeys } from "./keys.ts";
import { seal, withSignature } from "./record.ts";
import type { SealedRecord } from "./record.ts";
import { headText, signCheckpoint, signHead } from "./statement.ts";
import type { Checkpoint } from "./statement.ts";
import { isChainLost } from "./storage.ts";
import type { ClaimedChain } from "./storage.ts";

export interface WriterOptions {
  readonly chain: string;
  readonly claimed: ClaimedChain;
  readonly keys: AuditKeys;
  readonly now: () => Date;
  /** The last record there is. */
  readonly end: { readonly seq: number; readonly hash: string };
  readonly flushMs: number;
  readonly checkpointMs: number;
  /** Takes each checkpoint once it is durable, so that it can leave the machine. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void;
  /** Takes the first failure of a row of them; `audit.gap` tells what was lost when it is over. */
  readonly onError: (error: unknown) => void;
  /** Told at each attempt to write a chain that another process has taken over. */
  readonly onLost: () => void;
}

export interface Writer {
  readonly writable: boolean;
  record(event: AuditEvent): void;
  commit(event: AuditEvent): Promise<void>;
  flush(): Promise<void>;
  /** Writes the rest and a last checkpoint; what cannot be written now is given up. */
  close(): Promise<void>;
  /** Gives the chain up without writing to it any more; returns what is not written. */
  surrender(): readonly SealedRecord[];
  /** What was taken and may not be written yet, oldest first. */
  waiting(): readonly SealedRecord[];
  readonly counts: AuditCounts;
}

/** How the writing goes, for whoever measures it. */
export interface AuditCounts {
  /** Records that are durable, of this process. */
  written(): number;
  waiting(): number;
  failedFlushes(): number;
}

/** Some 20 MB; beyond it records are counted and dropped. */
export const MAX_WAITING = 20_000;
const CHECKPOINT_RECORDS = 1_000;
const MAX_RETRY_MS = 5_000;

interface Waiter {
  readonly seq: number;
  resolve(): void;
  reject(error: AppError): void;
}

export function createWriter(options: WriterOptions): Writer {
  const { chain, claimed, keys, now, flushMs, checkpointMs, onCheckpoint } = options;
  let { seq, hash } = options.end;
  let durableSeq = seq;
  let queue: SealedRecord[] = [];
  /** The last record that is in the chain, until its head is saved. */
  let headDue: SealedRecord | undefined;
  let waiters: Waiter[] = [];
  let checkpoints: Checkpoint[] = [];
  let sinceCheckpoint = 0;
  let dropped: { count: number; since: string } | undefined;
  let retryMs = 0;
  let failures = 0;
  let running: Promise<void> | undefined;
  let tick: ReturnType<typeof setTimeout> | undefined;
  let checkpointTimer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  function push(event: AuditEvent): void {
    const sealed = seal(event, { chain, seq: seq + 1, prev: hash });
    ({ seq, hash } = sealed);
    queue.push(sealed);
  }

  function take(event: AuditEvent): boolean {
    if (closed) return false;
    if (queue.length >= MAX_WAITING) {
      dropped ??= { count: 0, since: event.time };
      dropped.count++;
      return false;
    }
    tellGap();
    push(event);
    sinceCheckpoint++;
    if (sinceCheckpoint >= CHECKPOINT_RECORDS) pushCheckpoint();
    else checkpointTimer ??= unref(setTimeout(checkpointNow, checkpointMs));
    return true;
  }

  function tellGap(): void {
    if (dropped === undefined) return;
    const { count, since } = dropped;
    dropped = undefined;
    push(ownEvent("audit.gap", "fail", "audit_unavailable", { dropped: count, since }));
  }

  function pushCheckpoint(): void {
    clearTimeout(checkpointTimer);
    checkpointTimer = undefined;
    sinceCheckpoint = 0;
    const time = now().toISOString();
    const point = signCheckpoint({ chain, upToSeq: seq, upToHash: hash, time }, keys);
    const { upToSeq, upToHash, keyId, signature } = point;
    const details = { upToSeq, upToHash, keyId, signature };
    push({ ...ownEvent("audit.checkpoint", "allow", "ok", details), time });
    checkpoints.push(point);
  }

  function checkpointNow(): void {
    checkpointTimer = undefined;
    if (sinceCheckpoint === 0) return;
    pushCheckpoint();
    arm(0);
  }

  function ownEvent(
    event: AuditEvent["event"],
    decision: AuditEvent["decision"],
    reason: string,
    details: NonNullable<AuditEvent["details"]>,
  ): AuditEvent {
    return { event, time: now().toISOString(), decision, reason, actor: "server", details };
  }

  function arm(ms: number): void {
    if (running === undefined) tick ??= unref(setTimeout(write, ms));
  }

  function write(): void {
    clearTimeout(tick);
    tick = undefined;
    running ??= writeGroups().finally(() => {
      running = undefined;
      if (waiters.length > 0) write();
      else if (queue.length > 0 || headDue) arm(retryMs || flushMs);
    });
  }

  /** Goes on as long as somebody waits; what nobody waits for is left to the next tick. */
  async function writeGroups(): Promise<void> {
    try {
      do await writeGroup(); while (waiters.length > 0);
      retryMs = 0;
    } catch (error) {
      if (retryMs === 0) options.onError(error);
      failures += 1;
      retryMs = Math.min(Math.max(flushMs, retryMs * 2), MAX_RETRY_MS);
      const failed = waiters;
      waiters = [];
      for (const { reject } of failed) reject(auditUnavailable(error));
      if (isChainLost(error)) options.onLost();
    }
  }

  async function writeGroup(): Promise<void> {
    // A head that is two groups behind would look as if it had been put back.
    if (headDue) await saveHead(headDue);
    const last = queue.at(-1);
    if (last) {
      const group = queue;
      const head = signHead(headOf(last), keys);
      const lines = group.map(({ line }) => line);
      lines[lines.length - 1] = withSignature(last.line, head.signature);
      await claimed.append(lines, group[0]!.seq, headText(head));
      queue = queue.slice(lines.length);
      headDue = last;
      await saveHead(last);
      tellGap();
    }
    const done = waiters.filter((waiter) => waiter.seq <= durableSeq);
    waiters = waiters.filter((waiter) => waiter.seq > durableSeq);
    for (const { resolve } of done) resolve();
    const passed = checkpoints.filter(({ upToSeq }) => upToSeq < durableSeq);
    checkpoints = checkpoints.slice(passed.length);
    passed.forEach(onCheckpoint);
  }

  async function saveHead(last: SealedRecord): Promise<void> {
    await claimed.saveHead(headText(signHead(headOf(last), keys)));
    headDue = undefined;
    durableSeq = last.seq;
  }

  function headOf({ seq, hash, time }: SealedRecord) {
    return { chain, seq, hash, time };
  }

  function durable(upTo: number): Promise<void> {
    return new Promise((resolve, reject) => {
      waiters.push({ seq: upTo, resolve, reject });
      write();
    });
  }

  const writer: Writer = {
    get writable() {
      return !closed && retryMs === 0 && queue.length < MAX_WAITING;
    },
    record(event) {
      take(event);
      arm(flushMs);
    },
    commit(event) {
      const taken = take(event);
      if (taken && retryMs === 0) return durable(seq);
      arm(flushMs);
      return Promise.reject(auditUnavailable());
    },
    flush: () => durableSeq === seq ? Promise.resolve() : durable(seq),
    async close() {
      if (closed) return;
      tellGap();
      if (sinceCheckpoint > 0) pushCheckpoint();
      closed = true;
      // Failures were reported by `onError`; a stop goes on all the same.
      await writer.flush().catch(() => {});
      clearTimeout(checkpointTimer);
      clearTimeout(tick);
      await running;
      clearTimeout(tick);
      await claimed.release();
    },
    surrender() {
      closed = true;
      tellGap();
      clearTimeout(checkpointTimer);
      clearTimeout(tick);
      const [rest, stranded] = [queue, waiters];
      [queue, waiters, headDue] = [[], [], undefined];
      for (const { reject } of stranded) reject(auditUnavailable());
      void claimed.release().catch(() => {});
      return rest;
    },
    waiting: () => queue,
    counts: {
      written: () => durableSeq - options.end.seq,
      waiting: () => queue.length,
      failedFlushes: () => failures,
    },
  };
  return writer;
}

/** A timer that does not keep the process alive. */
function unref(timer: ReturnType<typeof setTimeout>): ReturnType<typeof setTimeout> {
  (timer as unknown as { unref?(): void }).unref?.();
  return timer;
}
