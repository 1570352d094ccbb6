/** The audit trail as one file that a third party can verify: the lines as they are, then the heads and the public key. */

import { open } from "node:fs/promises";
import { AppError } from "../../errors.ts";
import type { AuditQuery } from "../audit.ts";
import { createChainCheck } from "./check.ts";
import type { ChainCheck } from "./check.ts";
import { createVerifier } from "./keys.ts";
import type { AuditVerifier } from "./keys.ts";
import { linesForward } from "./lines.ts";
import { createMatcher } from "./match.ts";
import { canonical, parseObject, recordOf } from "./record.ts";
import { readHead } from "./statement.ts";
import type { AuditStorage } from "./storage.ts";
import { createExpectations } from "./verify.ts";
import type { Expectations, VerifyReport } from "./verify.ts";

export interface ExportOptions {
  readonly now: () => Date;
  /** Absent for everything; a selection proves what its records say, and not that none is missing. */
  readonly filters?: Omit<AuditQuery, "limit" | "pageToken">;
  readonly limit?: number;
}

/** Yields the export's lines without their ends, chain by chain and oldest first, each up to its signed head. */
export async function* exportLines(
  storage: AuditStorage,
  verifier: AuditVerifier,
  { now, filters = {}, limit = Infinity }: ExportOptions,
): AsyncGenerator<string> {
  const partial = limit !== Infinity || Object.keys(filters).length > 0;
  const matcher = createMatcher({ ...filters, limit: 1 });
  const heads: string[] = [];
  let left = limit;
  for (const chain of await storage.chains()) {
    const headText = await storage.readHead(chain);
    const head = headText === undefined ? undefined : readHead(headText, chain, verifier);
    if (headText !== undefined) heads.push(headText.trimEnd());
    const last = typeof head === "object" ? head.seq : Infinity;
    for await (const { text } of storage.readForward(chain)) {
      if (left <= 0) break;
      const record = recordOf(text);
      if (record && record.seq > last) break;
      // What cannot be read belongs into a whole export all the same: it is what an investigation is about.
      if (record ? !matcher.matches(record) : partial) continue;
      left--;
      yield text;
    }
  }
  for (const head of heads) yield `{"head":${head}}`;
  const { keyId, publicKey } = verifier;
  yield canonical({ export: { v: 1, time: now().toISOString(), partial, keyId, publicKey } });
}

export interface ExportReport extends VerifyReport {
  readonly partial: boolean;
}

/**
 * Verifies an export with the key that is in it; whether that is the right key, only a comparison of its id tells.
 *
 * @throws {AppError} `invalid_request` for a file that is no export or not a whole one.
 */
export async function verifyExport(path: string): Promise<ExportReport> {
  const { heads, partial, verifier, expected } = await readTrailer(path);
  const checks = new Map<string, ChainCheck>();
  const check = (chain: string) => {
    const known = checks.get(chain) ?? createChainCheck({
      chain,
      verifier,
      partial,
      head: heads.get(chain),
      expected: partial ? new Map() : expected.of(chain),
    });
    checks.set(chain, known);
    return known;
  };
  const broken = new Set<string>();
  let chain = "";
  for await (const { text, line } of linesOf(path)) {
    if (isTrailer(text)) continue;
    // A line that names no chain is a fault of the one it stands in.
    chain = recordOf(text)?.chain ?? chain;
    if (broken.has(chain)) continue;
    if (!check(chain).line(text, { file: path, line, complete: true })) broken.add(chain);
  }
  if (!partial) { for (const name of [...heads.keys(), ...expected.chains()]) check(name); }
  const chains = [...checks.values()].map((each) => each.end());
  return { ok: chains.every(({ fault }) => !fault), keyId: verifier.keyId, partial, chains };
}

interface Trailer {
  readonly heads: ReadonlyMap<string, string>;
  readonly partial: boolean;
  readonly verifier: AuditVerifier;
  readonly expected: Expectations;
}

async function readTrailer(path: string): Promise<Trailer> {
  const heads = new Map<string, string>();
  const expected = createExpectations();
  let last: Record<string, unknown> = {};
  for await (const { text } of linesOf(path)) {
    const record = recordOf(text);
    if (record) expected.collect(record.chain, text);
    if (!isTrailer(text)) continue;
    last = parseObject(text) ?? {};
    const head = Object(last["head"]);
    if (typeof head.chain === "string") {
      heads.set(head.chain, `${text.slice('{"head":'.length, -1)}\n`);
    }
  }
  const { publicKey, partial } = Object(last["export"]);
  try {
    return { heads, partial: partial === true, verifier: createVerifier(publicKey), expected };
  } catch (cause) {
    throw new AppError(
      "invalid_request",
      `${path} is not a whole export: its last line must have the public key`,
      { reason: "usage", cause },
    );
  }
}

function isTrailer(text: string): boolean {
  return text.startsWith('{"head":') || text.startsWith('{"export":');
}

async function* linesOf(path: string): AsyncGenerator<{ text: string; line: number }> {
  const handle = await open(path, "r").catch((cause) => {
    throw new AppError("invalid_request", `${path} cannot be read`, { reason: "usage", cause });
  });
  try {
    let line = 0;
    for await (const { text } of linesForward(handle, path)) yield { text, line: ++line };
  } finally {
    await handle.close();
  }
}
