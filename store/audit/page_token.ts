/** Page tokens of audit queries: how far each chain was read, good for equal filters only. */

import { Buffer } from "node:buffer";
import { AppError } from "../../errors.ts";
import type { AuditQuery } from "../audit.ts";
import { canonical, parseObject, sha256 } from "./record.ts";
import { CHAIN_NAME } from "./storage.ts";

/** A chain and the record to go on with. */
export type Position = readonly [chain: string, seq: number];

const TOKEN_VERSION = 1;
const TOKEN = /^[\w-]{1,16384}$/;

export function fingerprintOf({ limit: _, pageToken: __, ...filters }: AuditQuery): string {
  return sha256(canonical(JSON.parse(JSON.stringify(filters)))).slice(0, 32);
}

/** A token is no secret and carries no authority: a forged one only starts the same query elsewhere. */
export function writePageToken(positions: readonly Position[], query: string): string {
  const token = { v: TOKEN_VERSION, query, at: Object.fromEntries(positions) };
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

/** @throws {AppError} `invalid_input` for a token that was not issued for these filters. */
export function readPageToken(token: string, fingerprint: string): readonly Position[] {
  const { v, query, at } = TOKEN.test(token)
    ? parseObject(Buffer.from(token, "base64url").toString()) ?? {}
    : {};
  const positions = Object.entries(Object(at)) as Position[];
  if (v === TOKEN_VERSION && query === fingerprint && positions.every(isPosition)) return positions;
  throw new AppError(
    "invalid_input",
    "The pageToken was not issued for this query; call again without it",
    { reason: "page_token" },
  );
}

function isPosition([chain, seq]: Position): boolean {
  return CHAIN_NAME.test(chain) && Number.isSafeInteger(seq) && seq >= 0;
}
