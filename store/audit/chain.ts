/** Takes a chain for this process under a free name, continues it, and says so in `audit.started`. */

import { AppError } from "../../errors.ts";
import type { AuditKeys } from "./keys.ts";
import type { AuditLogOptions } from "./log.ts";
import { NO_HASH } from "./record.ts";
import { resume } from "./resume.ts";
import { headText, readHead, signHead } from "./statement.ts";
import { CHAIN_NAME } from "./storage.ts";
import type { AuditStorage, ClaimedChain } from "./storage.ts";
import { createWriter } from "./writer.ts";
import type { Writer } from "./writer.ts";

export interface ChainOptions extends AuditLogOptions {
  readonly bootId: string;
  /** The chain that this process wrote before and has lost. */
  readonly former?: string;
  /** Called each time that a write finds that another process has the chain. */
  readonly onLost: () => void;
}

export interface OwnChain {
  readonly chain: string;
  readonly writer: Writer;
}

const CLAIM_INTERVAL_MS = 50;
const MAX_NAMES = 100;
/** Chains that `audit.started` vouches for. */
const MAX_HEADS = 100;

/**
 * Takes a chain and writes `audit.started`.
 *
 * @throws {AppError} as `openAuditLog()`; the chain is free again then.
 */
export async function takeChain(
  storage: AuditStorage,
  keys: AuditKeys,
  options: ChainOptions,
): Promise<OwnChain> {
  const { chain, claimed } = await claimName(storage, options);
  try {
    return { chain, writer: await continueChain(storage, keys, options, { chain, claimed }) };
  } catch (error) {
    await claimed.release();
    throw error instanceof AppError ? error : notWritable(storage.place, error);
  }
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
  options: ChainOptions,
  { chain, claimed }: Claim,
): Promise<Writer> {
  const { now, version, bootId, former, onLost } = options;
  const { flushMs = 100, checkpointMs = 60_000 } = options;
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
    onLost,
  });
  const heads = await otherHeads(storage, chain, keys);
  try {
    await writer.commit({
      event: "audit.started",
      time,
      decision: "allow",
      reason: "ok",
      actor: "server",
      details: {
        bootId,
        version,
        keyId: keys.keyId,
        heads,
        ...torn,
        ...(former !== undefined && { former }),
      },
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
  // What passes by itself is worth another try.
  const { retryAfterSeconds } = cause instanceof AppError ? cause : {};
  return new AppError(
    "unavailable",
    `The audit trail in ${place} cannot be written: ${
      cause instanceof Error ? cause.message : cause
    }`,
    {
      reason: "audit_unavailable",
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      cause,
    },
  );
}
