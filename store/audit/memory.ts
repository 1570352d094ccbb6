/** Audit chains in memory, for a store in memory: the newest lines, gone with the process. */

import { Buffer } from "node:buffer";
import type { AuditStorage, StoredLine } from "./storage.ts";

const MAX_LINES = 10_000;

interface Chain {
  lines: string[];
  firstSeq: number;
  head?: string;
}

export function createMemoryStorage(maxLines: number = MAX_LINES): AuditStorage {
  const chains = new Map<string, Chain>();
  const held = new Set<string>();

  function stored(chain: string): StoredLine[] {
    const { lines, firstSeq } = chains.get(chain) ?? { lines: [], firstSeq: 1 };
    return lines.map((text, index) => ({
      text,
      file: chain,
      offset: firstSeq + index,
      complete: true,
    }));
  }

  return {
    place: "memory",
    anew: "start again",
    chains: () => Promise.resolve([...chains.keys()].sort()),
    readHead: (chain) => Promise.resolve(chains.get(chain)?.head),
    isHeld: (chain) => Promise.resolve(held.has(chain)),
    async *readForward(chain) {
      yield* stored(chain);
    },
    async *readBackward(chain, fromSeq = Infinity) {
      yield* stored(chain).filter(({ offset }) => offset <= fromSeq).reverse();
    },

    claim(name) {
      if (held.has(name)) return Promise.resolve(undefined);
      held.add(name);
      const chain: Chain = chains.get(name) ?? { lines: [], firstSeq: 1 };
      chains.set(name, chain);
      return Promise.resolve({
        append(lines) {
          chain.lines.push(...lines);
          const excess = Math.max(0, chain.lines.length - maxLines);
          chain.lines.splice(0, excess);
          chain.firstSeq += excess;
          return Promise.resolve();
        },
        saveHead: (text) => Promise.resolve(void (chain.head = text)),
        setAside(from) {
          const removed = chain.lines.splice(from.offset - chain.firstSeq);
          return Promise.resolve({
            bytes: Buffer.byteLength(removed.join("\n")),
            sha256: "",
          });
        },
        release: () => Promise.resolve(void held.delete(name)),
      });
    },
  };
}
