/** The written form of an audit record: one canonical line, its hash, and the strict reading of it. */

import canonicalize from "canonicalize";
import { hash } from "node:crypto";
import type { AuditEvent, AuditRecord } from "../audit.ts";

/** `prev` of the first record of a chain. */
export const NO_HASH = "0".repeat(64);
/** UTF-16 units; a longer record loses what its caller chose freely. */
const MAX_RECORD_LENGTH = 32 * 1024;

/** A line, read: the record, its hash and, at the end of a written group, the signature of the chain so far. */
export interface Envelope {
  readonly hash: string;
  readonly record: AuditRecord;
  readonly signature?: string;
}

/** A record that is ready to be written. */
export interface SealedRecord {
  readonly seq: number;
  readonly time: string;
  readonly hash: string;
  /** Without signature and line end. */
  readonly line: string;
}

/** RFC 8785; throws for what JSON cannot say. */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("Not a JSON value");
  return text;
}

/** The canonical text of a value, or of what has none (a lone surrogate, an infinite number) some text that is always the same. */
export function comparable(value: unknown): string {
  try {
    return canonical(value);
  } catch {
    return JSON.stringify(value);
  }
}

export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** Gives an event its place in the chain; an event that cannot be written as it is loses what stands in the way. */
export function seal(
  event: AuditEvent,
  place: Pick<AuditRecord, "chain" | "seq" | "prev">,
): SealedRecord {
  const text = recordText(event, { v: 1, ...place });
  const digest = sha256(text);
  return { seq: place.seq, time: event.time, hash: digest, line: lineOf(digest, text) };
}

function recordText(event: AuditEvent, place: object): string {
  try {
    const text = canonical({ ...event, ...place });
    if (text.length <= MAX_RECORD_LENGTH) return text;
    return canonical({ ...essence(event), details: { cutLength: text.length }, ...place });
  } catch {
    // A lone surrogate, NaN or a cycle.
    return canonical({ ...essence(event), details: { unwritable: true }, ...place });
  }
}

/** What Gatehouse itself said, in values that can always be written. */
function essence(event: AuditEvent): AuditEvent {
  const { time, decision, reason, request, principal, tool } = event;
  return {
    event: event.event,
    time,
    decision,
    reason: short(reason),
    ...(request && {
      request: {
        id: short(request.id),
        peer: short(request.peer),
        httpMethod: short(request.httpMethod),
        path: short(request.path),
      },
    }),
    ...(principal && {
      principal: {
        issuer: short(principal.issuer),
        kind: principal.kind,
        subject: short(principal.subject),
        clientId: short(principal.clientId),
      },
    }),
    ...(tool && { tool: { name: short(tool.name), effect: short(tool.effect) } }),
  };
}

function short(text: string): string {
  return String(text).slice(0, 1024).toWellFormed();
}

/** Ends a group: whoever has no key cannot add a line that verifies. */
export function withSignature(line: string, signature: string): string {
  return `${line.slice(0, -1)},"signature":${JSON.stringify(signature)}}`;
}

function lineOf(digest: string, text: string, signature?: string): string {
  const line = `{"hash":"${digest}","record":${visible(text)}}`;
  return signature === undefined ? line : withSignature(line, signature);
}

/**
 * Writes what a terminal obeys, or takes for a line end, as JSON escapes.
 *
 * RFC 8785 has these characters as they are; the hash is over that form, and a JSON parser finds the same either way.
 */
export function visible(json: string): string {
  return ASCII.test(json) ? json : json.replace(INVISIBLE, escapeJson);
}

const ASCII = /^[\x20-\x7e]*$/;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escapeJson(character: string): string {
  return character.split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

/** Reads a line, or says what is wrong with it. */
export function readLine(text: string): Envelope | string {
  const value = parseObject(text);
  const record = value && objectOf(value["record"]);
  if (value === undefined || record === undefined) return "it is not a JSON object with a record";
  const { hash: digest, signature } = value;
  if (typeof digest !== "string" || !isSignature(signature)) return "it lacks a hash";
  let recordText: string;
  try {
    recordText = canonical(record);
  } catch {
    return "it is not in canonical form";
  }
  if (sha256(recordText) !== digest) return "it was changed: its hash is another";
  if (lineOf(digest, recordText, signature) !== text) return "it is not in canonical form";
  if (!isPlaced(record)) return "its record lacks v, chain, seq or prev";
  return { hash: digest, record, ...(signature === undefined ? {} : { signature }) };
}

function isSignature(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

function isPlaced(record: object): record is AuditRecord {
  const { v, chain, seq, prev, time } = record as Partial<AuditRecord>;
  return v === 1 && typeof chain === "string" && Number.isSafeInteger(seq) &&
    typeof prev === "string" && typeof time === "string";
}

/** The record of a line that is only looked at, not verified. */
export function recordOf(text: string): AuditRecord | undefined {
  const record = objectOf(parseObject(text)?.["record"]);
  return record && isPlaced(record) ? record : undefined;
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}
