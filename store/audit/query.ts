/** Finds records, newest first, over all chains of a storage, in pages that cost a bounded amount of reading. */

import type { AuditPage, AuditQuery, AuditReader, AuditRecord } from "../audit.ts";
import { createMatcher } from "./match.ts";
import type { Matcher } from "./match.ts";
import { fingerprintOf, readPageToken, writePageToken } from "./page_token.ts";
import { recordOf } from "./record.ts";
import type { SealedRecord } from "./record.ts";
import type { AuditStorage } from "./storage.ts";

/** What this process has taken for its own chain and may not have written yet. */
export interface Unwritten {
  readonly chain: string;
  waiting(): readonly SealedRecord[];
}

/** Records looked at for one page; some tenths of a second. */
const MAX_LOOKED_AT = 50_000;

/** The reading position in one chain. */
interface Cursor {
  readonly chain: string;
  readonly lines: AsyncIterator<string>;
  /** The record to look at next; Infinity at the end of a chain. */
  seq: number;
  /** The next record that matches; it is at `seq`. */
  found?: AuditRecord | undefined;
  done: boolean;
}

export function createReader(storage: AuditStorage, own?: Unwritten): AuditReader {
  async function* linesOf(chain: string, fromSeq: number): AsyncGenerator<string> {
    // Taken before the file is read: what is written meanwhile is then in one of the two, or skipped in the second.
    const waiting = chain === own?.chain ? [...own.waiting()] : [];
    for (const { seq, line } of waiting.reverse()) {
      if (seq <= fromSeq) yield line;
    }
    const below = Math.min(fromSeq, (waiting.at(-1)?.seq ?? Infinity) - 1);
    let skipping = below !== Infinity;
    for await (const { text, complete } of storage.readBackward(chain, below)) {
      if (skipping && (recordOf(text)?.seq ?? Infinity) > below) continue;
      skipping = false;
      if (complete) yield text;
    }
  }

  function open(chain: string, seq: number): Cursor {
    return { chain, lines: linesOf(chain, seq), seq, done: false };
  }

  async function cursorsOf(query: AuditQuery, fingerprint: string): Promise<Cursor[]> {
    if (query.pageToken !== undefined) {
      return readPageToken(query.pageToken, fingerprint).map(([chain, seq]) => open(chain, seq));
    }
    const chains = new Set([...await storage.chains(), ...(own ? [own.chain] : [])]);
    return [...chains].map((chain) => open(chain, Infinity));
  }

  return {
    async query(query) {
      const matcher = createMatcher(query);
      const fingerprint = fingerprintOf(query);
      const cursors = await cursorsOf(query, fingerprint);
      try {
        return await merge(cursors, { matcher, limit: query.limit, fingerprint });
      } finally {
        for (const { lines } of cursors) await lines.return?.();
      }
    },
  };
}

async function merge(
  cursors: readonly Cursor[],
  { matcher, limit, fingerprint }: { matcher: Matcher; limit: number; fingerprint: string },
): Promise<AuditPage> {
  const budget = { left: MAX_LOOKED_AT };
  const records: AuditRecord[] = [];
  for (;;) {
    for (const cursor of cursors) await advance(cursor, matcher, budget);
    // A chain that was not read far enough may hold the next record.
    if (cursors.some(({ done, found }) => !done && !found)) break;
    const newest = cursors.filter(({ found }) => found).reduce<Cursor | undefined>(
      newer,
      undefined,
    );
    if (newest === undefined || records.length === limit) break;
    records.push(newest.found!);
    newest.found = undefined;
    newest.seq--;
  }
  const rest = cursors.filter(({ done }) => !done).map(({ chain, seq }) => [chain, seq] as const);
  return {
    records,
    ...(rest.length > 0 && { nextPageToken: writePageToken(rest, fingerprint) }),
  };
}

function newer(a: Cursor | undefined, b: Cursor): Cursor {
  if (a === undefined) return b;
  const [left, right] = [a.found!, b.found!];
  if (left.time !== right.time) return left.time > right.time ? a : b;
  return left.seq >= right.seq ? a : b;
}

/** Reads on to the next match, the end, or the end of what may be read. */
async function advance(cursor: Cursor, matcher: Matcher, budget: { left: number }): Promise<void> {
  while (!cursor.done && !cursor.found && budget.left > 0) {
    const { value: text, done } = await cursor.lines.next();
    if (done) return void (cursor.done = true);
    budget.left--;
    // Most lines are passed over unread; they are numbered without gaps.
    const read = cursor.seq === Infinity || matcher.mayMatter(text) ? recordOf(text) : undefined;
    if (read) cursor.seq = read.seq;
    if (read && matcher.endsAt(read)) cursor.done = true;
    else if (read && matcher.matches(read)) cursor.found = read;
    else cursor.seq--;
  }
}
