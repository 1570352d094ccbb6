/** The audit trail as one file that a third party can verify: the lines as they are, then the heads and the public key. */

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { AppError } from "../../errors.ts";
import type { AuditQuery } from "../audit.ts";
import { createChainCheck } from "./check.ts";
import type { ChainCheck } from "./check.ts";
import { createVerifier } from "./keys.ts";
import type { AuditKeys, AuditVerifier } from "./keys.ts";
import { linesForward } from "./lines.ts";
import { createMatcher } from "./match.ts";
import { canonical, parseObject, recordOf } from "./record.ts";
import { readHead } from "./statement.ts";
import type { AuditStorage } from "./storage.ts";
import { createExpectations } from "./verify.ts";
import type { Expectations, VerifyReport } from "./verify.ts";

export interface ExportOptions {
  readonly now: () => Date;
  /** Absent for everything; a selection cannot prove that no record is missing. */
  readonly filters?: Omit<AuditQuery, "limit" | "pageToken">;
  readonly limit?: number;
}

/** Yields the export's lines without their ends; the last one signs all before it. */
export async function* exportLines(
  storage: AuditStorage,
  keys: AuditKeys,
  options: ExportOptions,
): AsyncGenerator<string> {
  const digest = createHash("sha256");
  for await (const line of contentLines(storage, keys, options)) {
    digest.update(`${line}\n`);
    yield line;
  }
  const statement = {
    v: 1,
    time: options.now().toISOString(),
    partial: isPartial(options),
    keyId: keys.keyId,
    publicKey: keys.publicKey,
    sha256: digest.digest("hex"),
  };
  yield canonical({ export: { ...statement, signature: keys.sign(statement) } });
}

function isPartial({ filters = {}, limit }: ExportOptions): boolean {
  return limit !== undefined || Object.keys(filters).length > 0;
}

/** The records, chain by chain and oldest first, each chain up to its signed head; then the heads. */
async function* contentLines(
  storage: AuditStorage,
  verifier: AuditVerifier,
  options: ExportOptions,
): AsyncGenerator<string> {
  const { filters = {}, limit = Infinity } = options;
  const partial = isPartial(options);
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
}

export interface ExportReport extends VerifyReport {
  readonly partial: boolean;
  /** Whether the file is as it was written. */
  readonly signed: boolean;
}

/**
 * Verifies an export with the key that is in it; whether that is the right key, only a comparison of its id tells.
 *
 * @throws {AppError} `invalid_request` for a file that is no export or not a whole one.
 */
export async function verifyExport(path: string): Promise<ExportReport> {
  const { heads, partial, signed, verifier, expected } = await readTrailer(path);
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
  const ok = signed && chains.every(({ fault }) => !fault);
  return { ok, keyId: verifier.keyId, partial, signed, chains };
}

interface Trailer {
  readonly heads: ReadonlyMap<string, string>;
  readonly partial: boolean;
  readonly signed: boolean;
  readonly verifier: AuditVerifier;
  readonly expected: Expectations;
}

async function readTrailer(path: string): Promise<Trailer> {
  const heads = new Map<string, string>();
  const expected = createExpectations();
  const digest = createHash("sha256");
  let last = "";
  let before = "";
  for await (const { text } of linesOf(path)) {
    before = digest.copy().digest("hex");
    digest.update(`${text}\n`);
    last = text;
    const record = recordOf(text);
    if (record) expected.collect(record.chain, text);
    if (!isTrailer(text)) continue;
    const head = Object(parseObject(text)?.["head"]);
    if (typeof head.chain === "string") {
      heads.set(head.chain, `${text.slice('{"head":'.length, -1)}\n`);
    }
  }
  const { signature, ...statement } = Object(parseObject(last)?.["export"]);
  const { publicKey, partial, keyId, sha256 } = statement;
  try {
    const verifier = createVerifier(publicKey);
    const signed = sha256 === before && keyId === verifier.keyId &&
      verifier.verify(statement, String(signature)) &&
      last === canonical({ export: { ...statement, signature } });
    return { heads, partial: partial === true, signed, verifier, expected };
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
