/** What is signed of a chain: its head, and the checkpoints on the way. */

import type { AuditRecord } from "../audit.ts";
import type { AuditKeys, AuditVerifier } from "./keys.ts";
import { canonical, parseObject } from "./record.ts";
import type { Envelope } from "./record.ts";

/** How far a chain has been written; also the signature of a group's last line. */
export interface Head {
  readonly chain: string;
  /** 0 for a chain without records. */
  readonly seq: number;
  readonly hash: string;
  /** Of the record, RFC 3339. */
  readonly time: string;
  readonly keyId: string;
  readonly signature: string;
}

/** A point of a chain that is worth keeping on another machine: nothing before it can change unseen. */
export interface Checkpoint {
  readonly chain: string;
  readonly upToSeq: number;
  readonly upToHash: string;
  readonly time: string;
  readonly keyId: string;
  readonly signature: string;
}

export function signHead(head: Omit<Head, "keyId" | "signature">, keys: AuditKeys): Head {
  const statement = { ...head, keyId: keys.keyId };
  return { ...statement, signature: keys.sign(statement) };
}

export function headText(head: Head): string {
  return `${canonical(head)}\n`;
}

/** Reads a head, or says what is wrong with it. */
export function readHead(text: string, chain: string, verifier: AuditVerifier): Head | string {
  const value = parseObject(text) as Partial<Head> | undefined;
  if (value === undefined || text !== headText(value as Head)) return "the head was changed";
  if (value.keyId !== verifier.keyId) return "the head was signed with another key";
  const { signature, ...statement } = value;
  if (value.chain !== chain || typeof signature !== "string") return "the head was changed";
  if (!verifier.verify(statement, signature)) return "the signature of the head is wrong";
  return value as Head;
}

/** Whether the signature of a line stands for the chain up to it. */
export function isSigned({ hash, record, signature }: Envelope, verifier: AuditVerifier): boolean {
  const { chain, seq, time } = record;
  return signature !== undefined &&
    verifier.verify({ chain, seq, hash, time, keyId: verifier.keyId }, signature);
}

export function signCheckpoint(
  point: Omit<Checkpoint, "keyId" | "signature">,
  keys: AuditKeys,
): Checkpoint {
  const statement = { ...point, keyId: keys.keyId };
  return { ...statement, signature: keys.sign(statement) };
}

/** Whether a checkpoint record vouches for the record before it. */
export function isCheckpoint({ record }: Envelope, verifier: AuditVerifier): boolean {
  const { upToSeq, upToHash, keyId, signature } = (record.details ?? {}) as Partial<Checkpoint>;
  const { chain, seq, prev, time } = record as AuditRecord;
  return upToSeq === seq - 1 && upToHash === prev && keyId === verifier.keyId &&
    typeof signature === "string" &&
    verifier.verify({ chain, upToSeq, upToHash, time, keyId }, signature);
}
