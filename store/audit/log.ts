/** The audit log of one process: takes a chain, continues it, and reads all that are there. */

import { randomUUID } from "node:crypto";
import { AppError } from "../../errors.ts";
import type { AuditLog } from "../audit.ts";
import type { AuditKeys } from "./keys.ts";
import { createReader } from "./query.ts";
import { comparable, NO_HASH } from "./record.ts";
import { resume } from "./resume.ts";
import { headText, readHead, signHead } from "./statement.ts";
import type { Checkpoint } from "./statement.ts";
import { CHAIN_NAME } from "./storage.ts";
import type { AuditStorage, ClaimedChain } from "./storage.ts";
import { createWriter } from "./writer.ts";
import type { AuditCounts, Writer } from "./writer.ts";

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
}

/** The log, and the name of the chain that it got. */
export interface OpenedAuditLog extends AuditLog {
  readonly chain: string;
  readonly keyId: string;
  readonly counts: AuditCounts;
}

const CLAIM_INTERVAL_MS = 50;
const MAX_NAMES = 100;
/** Chains that `audit.started` vouches for. */
const MAX_HEADS = 100;

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
  const { chain, claimed } = await claimName(storage, options);
  let writer: Writer;
  try {
    writer = await continueChain(storage, keys, options, { chain, claimed });
  } catch (error) {
    await claimed.release();
    throw error instanceof AppError ? error : notWritable(storage.place, error);
  }
  const { query } = createReader(storage, { chain, waiting: writer.waiting });
  return {
    chain,
    keyId: keys.keyId,
    counts: writer.counts,
    record: writer.record,
    commit: writer.commit,
    flush: writer.flush,
    close: writer.close,
    get writable() {
      return writer.writable;
    },
    fingerprint: (value) => keys.fingerprint(comparable(value)),
    query,
  };
}

interface Claim {
  readonly chain: string;
  readonly claimed: ClaimedChain;
}

async function claimName(storage: AuditStorage, options: AuditLogOptions): Promise<Claim> {
  const { instance, waitMs = 300 } = options;
  if (!CHAIN_NAME.test(instance)) {
    throw new AppError(
      "invalid_request",
      "An instance is named with lower-case letters, digits and dashes",
    );
  }
  try {
    for (let waited = 0;; waited += CLAIM_INTERVAL_MS) {
      const claimed = await storage.claim(instance);
      if (claimed) return { chain: instance, claimed };
      if (waited >= waitMs) break;
      await new Promise((resolve) => setTimeout(resolve, CLAIM_INTERVAL_MS));
    }
    for (let n = 2; n <= MAX_NAMES; n++) {
      const chain = `${instance}-${n}`;
      const claimed = await storage.claim(chain);
      if (claimed) return { chain, claimed };
    }
  } catch (error) {
    throw notWritable(storage.place, error);
  }
  throw notWritable(storage.place, new Error(`${MAX_NAMES} processes write to it`));
}

async function continueChain(
  storage: AuditStorage,
  keys: AuditKeys,
  options: AuditLogOptions,
  { chain, claimed }: Claim,
): Promise<Writer> {
  const { now, version, flushMs = 100, checkpointMs = 60_000 } = options;
  const { onCheckpoint = () => {}, onError = () => {}, onWarning = () => {} } = options;
  const end = await resume(storage, claimed, { chain, keys, now });
  const time = now().toISOString();
  if (end.isNew) {
    // From now on a chain without a head is one whose head was removed.
    await claimed.saveHead(headText(signHead({ chain, seq: 0, hash: NO_HASH, time }, keys)));
  }
  const torn = end.torn && { tornBytes: end.torn.bytes, tornSha256: end.torn.sha256 };
  if (torn) {
    onWarning("the end of the audit chain was never written whole and is set aside", {
      chain,
      place: storage.place,
      ...torn,
    });
  }
  const writer = createWriter({
    chain,
    claimed,
    keys,
    now,
    end,
    flushMs,
    checkpointMs,
    onCheckpoint,
    onError,
  });
  const heads = await otherHeads(storage, chain, keys);
  try {
    await writer.commit({
      event: "audit.started",
      time,
      decision: "allow",
      reason: "ok",
      actor: "server",
      details: { bootId: randomUUID(), version, keyId: keys.keyId, heads, ...torn },
    });
    return writer;
  } catch (error) {
    await writer.close();
    const cause = error instanceof AppError ? error.cause : error;
    throw notWritable(storage.place, cause);
  }
}

/** What the other chains say of themselves, so that one that is removed or cut later is missed. */
async function otherHeads(storage: AuditStorage, own: string, keys: AuditKeys) {
  const heads: { chain: string; seq: number; hash: string }[] = [];
  for (const chain of (await storage.chains()).slice(0, MAX_HEADS)) {
    const text = chain === own ? undefined : await storage.readHead(chain);
    const head = text === undefined ? undefined : readHead(text, chain, keys);
    if (typeof head === "object") heads.push({ chain, seq: head.seq, hash: head.hash });
  }
  return heads;
}

function notWritable(place: string, cause: unknown): AppError {
  return new AppError(
    "unavailable",
    `The audit trail in ${place} cannot be written: ${
      cause instanceof Error ? cause.message : cause
    }`,
    { reason: "audit_unavailable", cause },
  );
}
