/** Checks one chain line by line, up to the first thing that is wrong with it. */

import type { AuditRecord } from "../audit.ts";
import type { AuditVerifier } from "./keys.ts";
import { NO_HASH, readLine } from "./record.ts";
import type { Envelope } from "./record.ts";
import { isCheckpoint, isSigned, readHead } from "./statement.ts";
import type { Head } from "./statement.ts";

/** The first thing that is wrong with a chain, and where. */
export interface Fault {
  readonly problem: string;
  readonly file?: string;
  /** Counts from 1. */
  readonly line?: number;
  readonly seq?: number;
}

export interface ChainReport {
  readonly chain: string;
  /** Those that were found right. */
  readonly records: number;
  readonly firstTime?: string;
  readonly lastTime?: string;
  /** The record that a signature covers last; all before it are covered too. */
  readonly signedSeq: number;
  readonly lastCheckpoint?: { readonly seq: number; readonly time: string };
  readonly fault?: Fault;
  /** Whether a process that is writing the chain may be about to mend the fault. */
  readonly unsettled?: boolean;
}

/** A record of this chain that another chain has vouched for. */
export interface Expectation {
  readonly hash: string;
  /** The chain that did. */
  readonly by: string;
}

export interface ChainCheck {
  /** Takes the next line; false when something is wrong and no further line matters. */
  line(text: string, at: { file: string; line: number; complete: boolean }): boolean;
  /** Ends the check. */
  end(): ChainReport;
}

export interface CheckOptions {
  readonly chain: string;
  readonly verifier: AuditVerifier;
  /** The text of the head file as it was before the first line was read. */
  readonly head: string | undefined;
  readonly expected?: ReadonlyMap<number, Expectation>;
  /** A selection of records: what is missing is not missed, and the end need not be signed. */
  readonly partial?: boolean;
}

export function createChainCheck(options: CheckOptions): ChainCheck {
  const { chain, verifier, expected = new Map(), partial = false } = options;
  const head = headOf(options);
  let records = 0;
  let seq = 0;
  let hash = NO_HASH;
  let signedSeq = 0;
  /** Groups after the one that ends with the head. */
  let groupsAfterHead = 0;
  let unsigned: Fault | undefined;
  let fault: Fault | undefined;
  let first: AuditRecord | undefined;
  let last: AuditRecord | undefined;
  let lastCheckpoint: { seq: number; time: string } | undefined;

  function problemOf(read: Envelope): string | undefined {
    const { record } = read;
    if (record.chain !== chain) return `it belongs to the chain ${record.chain}`;
    if (record.seq <= seq) return `record ${record.seq} is repeated or out of order`;
    const follows = record.seq === seq + 1;
    if (!follows && !partial) return `record ${seq + 1} is missing before it`;
    if (follows && record.prev !== hash && !(partial && seq === 0)) {
      return "it does not continue the record before it";
    }
    if (read.signature !== undefined && !isSigned(read, verifier)) return "its signature is wrong";
    if (record.event === "audit.checkpoint" && !isCheckpoint(read, verifier)) {
      return "the signature of its checkpoint is wrong";
    }
    if (typeof head === "object" && head.seq === record.seq && head.hash !== read.hash) {
      return "the signed head knows another record in its place";
    }
    const vouched = expected.get(record.seq);
    if (vouched && vouched.hash !== read.hash) {
      return `the chain ${vouched.by} knows another record in its place`;
    }
    return undefined;
  }

  function accept(read: Envelope): void {
    const { record } = read;
    ({ hash } = read);
    ({ seq } = record);
    records++;
    first ??= record;
    last = record;
    if (record.event === "audit.checkpoint") lastCheckpoint = { seq, time: record.time };
    if (read.signature === undefined) return;
    signedSeq = seq;
    unsigned = undefined;
    if (typeof head === "object" && seq > head.seq) groupsAfterHead++;
  }

  function faultAtEnd(): Fault | undefined {
    if (fault || partial) return fault;
    const [known] = [...expected].filter(([number]) => number > seq);
    if (known && seq === 0) return { problem: `it is gone: ${vouchedFor(known)}` };
    if (typeof head === "string") return { problem: head };
    if (head.seq > signedSeq) {
      const problem = `it was cut off after record ${seq}: the signed head knows ${head.seq}`;
      return { problem, seq: seq + 1 };
    }
    if (known) {
      const problem = `it was cut off after record ${seq}: ${vouchedFor(known)}`;
      return { problem, seq: seq + 1 };
    }
    return undefined;
  }

  function unsettledFault(): Fault | undefined {
    if (partial || typeof head === "string") return undefined;
    if (unsigned) return unsigned;
    if (groupsAfterHead <= 1) return undefined;
    const problem = `the head was put back: ${groupsAfterHead} groups were written after it`;
    return { problem, seq: head.seq };
  }

  return {
    line(text, { file, line, complete }) {
      const read = complete ? readLine(text) : UNSIGNED;
      if (!complete) {
        unsigned ??= { problem: UNSIGNED, file, line, seq: seq + 1 };
        return true;
      }
      const problem = typeof read === "string" ? read : problemOf(read);
      if (typeof read === "string" || problem) {
        const claimed = typeof read === "string" ? seq + 1 : read.record.seq;
        fault = { problem: problem ?? UNSIGNED, file, line, seq: claimed };
        return false;
      }
      unsigned ??= { problem: UNSIGNED, file, line, seq: read.record.seq };
      accept(read);
      return true;
    },

    end() {
      const settled = faultAtEnd();
      const found = settled ?? unsettledFault();
      return {
        chain,
        records,
        signedSeq,
        ...(first && last && { firstTime: first.time, lastTime: last.time }),
        ...(lastCheckpoint && { lastCheckpoint }),
        ...(found && { fault: found, unsettled: settled === undefined }),
      };
    },
  };
}

const UNSIGNED =
  "no signature covers it: it was added without the key, or the writer was killed while it wrote " +
  "(the next start then sets it aside)";

function vouchedFor([seq, { by }]: readonly [number, Expectation]): string {
  return `the chain ${by} knows its record ${seq}`;
}

function headOf({ chain, head, verifier }: CheckOptions): Head | string {
  return head === undefined ? "its head is missing" : readHead(head, chain, verifier);
}
