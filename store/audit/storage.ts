/** Where the lines of audit chains are kept: what a directory, the memory or a table has to provide. */

import { AppError } from "../../errors.ts";

/** A chain: lower-case letters, digits and dashes. */
export const CHAIN_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A line as it is stored. */
export interface StoredLine {
  readonly text: string;
  /** The file that holds it, by its name in the storage. */
  readonly file: string;
  /** Where it begins in the file, in bytes. */
  readonly offset: number;
  /** False for a last line without its line end: the rest was never written. */
  readonly complete: boolean;
  /** The record that it is stored as, where lines are numbered. */
  readonly seq?: number;
}

/** Reads without holding a chain; one storage may be read and written by several processes. */
export interface AuditStorage {
  /** For messages to the operator. */
  readonly place: string;
  /** How an operator begins a trail beside one that is broken, as the end of a sentence. */
  readonly anew: string;
  /** The chains that have anything, sorted. */
  chains(): Promise<readonly string[]>;
  readHead(chain: string): Promise<string | undefined>;
  /** Oldest first. */
  readForward(chain: string): AsyncIterable<StoredLine>;
  /** Newest first, from the record `fromSeq` on where it is given. */
  readBackward(chain: string, fromSeq?: number): AsyncIterable<StoredLine>;
  /** Whether a living process writes the chain. */
  isHeld(chain: string): Promise<boolean>;
  /** Takes a chain for this process, or returns `undefined` where another has it. */
  claim(chain: string): Promise<ClaimedChain | undefined>;
}

/** The writing end of one chain; calls follow each other. All but `release` may throw `chainLost()`. */
export interface ClaimedChain {
  /**
   * Makes a group of lines durable in one write; the first is the record `firstSeq`.
   *
   * `head` is what `saveHead()` is called with next; a storage that can write both at once does. After a failure nothing
   * of the group is there, as far as that is possible, and the call may be repeated, with further lines behind them.
   */
  append(lines: readonly string[], firstSeq: number, head: string): Promise<void>;
  /** Replaces the head, durably and at once. */
  saveHead(text: string): Promise<void>;
  /**
   * Takes the line and all after it out of the chain and keeps them elsewhere; returns how much that was.
   *
   * Absent where a group is there whole or not at all: what stands behind the last one was then added by somebody else.
   */
  setAside?(from: StoredLine, time: string): Promise<{ bytes: number; sha256: string }>;
  release(): Promise<void>;
}

const CHAIN_LOST = "audit_chain_lost";

/** Another process has taken the chain over: nothing is written to it any more from here. */
export function chainLost(cause?: unknown): AppError {
  return new AppError("unavailable", "Another process writes the audit chain now", {
    reason: CHAIN_LOST,
    cause,
  });
}

export function isChainLost(error: unknown): boolean {
  return error instanceof AppError && error.reason === CHAIN_LOST;
}
