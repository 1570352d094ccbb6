/** Finds where a chain ends, so that the next record continues it, and refuses a chain that was tampered with. */

import { AppError } from "../../errors.ts";
import type { AuditKeys } from "./keys.ts";
import { NO_HASH, readLine } from "./record.ts";
import type { Envelope } from "./record.ts";
import { isSigned, readHead } from "./statement.ts";
import type { Head } from "./statement.ts";
import type { AuditStorage, ClaimedChain, StoredLine } from "./storage.ts";

/** Where a chain goes on. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
  /** Whether there is neither a record nor a head yet. */
  readonly isNew: boolean;
  /** What a crash left behind the last complete group; it was never acknowledged. */
  readonly torn?: { readonly bytes: number; readonly sha256: string };
}

/**
 * Reads back from the end to the record that the head names.
 *
 * @throws {AppError} `unavailable` with reason `audit_broken`.
 */
export async function resume(
  storage: AuditStorage,
  claimed: ClaimedChain,
  { chain, keys, now }: { chain: string; keys: AuditKeys; now: () => Date },
): Promise<ChainEnd> {
  const broken = (problem: string) => brokenChain(storage, chain, problem);
  const text = await storage.readHead(chain);
  const head = text === undefined ? undefined : readHead(text, chain, keys);
  if (typeof head === "string") throw broken(head);

  const { last, torn } = await lastGroup(storage, chain, { keys, head, broken });
  if (head === undefined && (last || torn)) throw broken("it has records, but no head");
  if ((head?.seq ?? 0) > (last?.record.seq ?? 0)) {
    throw broken(
      `the head knows record ${head!.seq}, but the last one is ${last?.record.seq ?? 0}`,
    );
  }
  if (torn && !claimed.setAside) {
    throw broken("records were added behind the last one of its writer");
  }
  const cut = torn && await claimed.setAside?.(torn, now().toISOString());
  return {
    seq: last?.record.seq ?? 0,
    hash: last?.hash ?? NO_HASH,
    isNew: head === undefined,
    ...(cut ? { torn: cut } : {}),
  };
}

interface Search {
  readonly keys: AuditKeys;
  readonly head: Head | undefined;
  readonly broken: (problem: string) => AppError;
}

/** The last signed record, linked down to the head's, and the first line after it. */
async function lastGroup(
  storage: AuditStorage,
  chain: string,
  { keys, head, broken }: Search,
): Promise<{ last?: Envelope; torn?: StoredLine }> {
  let last: Envelope | undefined;
  let torn: StoredLine | undefined;
  let next: Envelope | undefined;
  for await (const line of storage.readBackward(chain)) {
    const read = line.complete ? readLine(line.text) : "it is not complete";
    if (last === undefined) {
      if (typeof read === "string" || read.record.chain !== chain || !isSigned(read, keys)) {
        torn = line;
        continue;
      }
      last = read;
    }
    if (typeof read === "string") throw broken(`${line.file}: ${read}`);
    if (next && (next.record.prev !== read.hash || next.record.seq !== read.record.seq + 1)) {
      throw broken(`record ${next.record.seq} does not follow the one before it`);
    }
    if (read.record.seq === head?.seq && read.hash !== head.hash) {
      throw broken(`record ${head.seq} is not the one that the head knows`);
    }
    if (head === undefined || read.record.seq <= head.seq) break;
    next = read;
  }
  return { ...(last ? { last } : {}), ...(torn ? { torn } : {}) };
}

function brokenChain(
  { place, anew }: AuditStorage,
  chain: string,
  problem: string,
): AppError {
  return new AppError(
    "unavailable",
    `The audit trail in ${place} is broken: chain ${chain}: ${problem}.\n` +
      "Run `gatehouse audit verify` to see where. Restore it from a backup, or keep it for an investigation: " +
      anew,
    { reason: "audit_broken" },
  );
}
