/** Verifies every chain of a storage, while servers write to it or not. */

import { createChainCheck } from "./check.ts";
import type { ChainReport, Expectation, Fault } from "./check.ts";
import type { AuditVerifier } from "./keys.ts";
import { recordOf } from "./record.ts";
import { segmentFault } from "./segment_name.ts";
import type { AuditStorage, StoredLine } from "./storage.ts";

export type { ChainReport, Fault } from "./check.ts";

export interface VerifyReport {
  readonly ok: boolean;
  readonly keyId: string;
  readonly chains: readonly ChainReport[];
}

const ATTEMPTS = 3;
const POLL_MS = 50;
/** Longer than a group takes to be flushed. */
const SETTLE_MS = 2_000;

export async function verifyStorage(
  storage: AuditStorage,
  verifier: AuditVerifier,
): Promise<VerifyReport> {
  const names = await storage.chains();
  const expected = createExpectations();
  for (const chain of names) {
    for await (const { text } of storage.readForward(chain)) expected.collect(chain, text);
  }
  const chains: ChainReport[] = [];
  for (const chain of new Set([...names, ...expected.chains()])) {
    chains.push(await verifyChain(storage, chain, verifier, expected.of(chain)));
  }
  return { ok: chains.every(({ fault }) => !fault), keyId: verifier.keyId, chains };
}

async function verifyChain(
  storage: AuditStorage,
  chain: string,
  verifier: AuditVerifier,
  expected: ReadonlyMap<number, Expectation>,
): Promise<ChainReport> {
  for (let attempt = 1;; attempt++) {
    const head = await storage.readHead(chain);
    const check = createChainCheck({ chain, verifier, head, expected });
    const nameFault = await readAll(storage.readForward(chain), check.line);
    const { fault, unsettled, ...report } = check.end();
    if (nameFault) return { ...report, fault: nameFault };
    if (!fault) return report;
    if (unsettled && await isMoving(storage, chain, head)) return report;
    // A writer may have ended, or set something aside, while the lines were read.
    if (attempt === ATTEMPTS || await storage.readHead(chain) === head) return { ...report, fault };
  }
}

/** Whether a living process completes what it was writing; an idle one has nothing to complete. */
async function isMoving(
  storage: AuditStorage,
  chain: string,
  head: string | undefined,
): Promise<boolean> {
  for (let waited = 0; await storage.isHeld(chain); waited += POLL_MS) {
    if (await storage.readHead(chain) !== head) return true;
    if (waited >= SETTLE_MS) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

/** Feeds the lines to the check with their numbers, and compares where they are stored with what they say. */
async function readAll(
  lines: AsyncIterable<StoredLine>,
  take: (text: string, at: { file: string; line: number; complete: boolean }) => boolean,
): Promise<Fault | undefined> {
  let file: string | undefined;
  let line = 0;
  for await (const stored of lines) {
    line = stored.file === file ? line + 1 : 1;
    file = stored.file;
    const fault = placeFault(stored) ?? (line === 1 ? segmentFault(file, stored.text) : undefined);
    if (!take(stored.text, { file, line, complete: stored.complete })) return undefined;
    if (fault) return { problem: fault, file, line };
  }
  return undefined;
}

function placeFault({ seq, text }: StoredLine): string | undefined {
  const record = seq === undefined ? undefined : recordOf(text);
  if (record === undefined || record.seq === seq) return undefined;
  return `it is stored as record ${seq}, but is record ${record.seq}`;
}

/** The heads that `audit.started` records have of other chains. */
export interface Expectations {
  collect(chain: string, line: string): void;
  chains(): Iterable<string>;
  of(chain: string): ReadonlyMap<number, Expectation>;
}

export function createExpectations(): Expectations {
  const all = new Map<string, Map<number, Expectation>>();
  return {
    collect(by, line) {
      if (!line.includes('"event":"audit.started"')) return;
      const record = recordOf(line);
      const heads = record?.event === "audit.started" ? record.details?.["heads"] : undefined;
      for (const head of Array.isArray(heads) ? heads : []) {
        const { chain, seq, hash } = Object(head);
        if (typeof chain !== "string" || chain === by || !(seq > 0)) continue;
        if (!all.has(chain)) all.set(chain, new Map());
        all.get(chain)!.set(seq, { hash, by });
      }
    },
    chains: () => all.keys(),
    of: (chain) => all.get(chain) ?? new Map(),
  };
}
