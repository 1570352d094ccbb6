/** Counts points by key in windows of fixed length, in memory that no number of keys can grow past a bound. */

import type { Rate } from "./rates.ts";

/** How a key stands after it drew on its budget. */
export interface Count {
  readonly allowed: boolean;
  readonly remaining: number;
  /** Milliseconds until the budget is whole again. */
  readonly resetMs: number;
  /** Whether the key had to share its budget with others, because there were too many keys. */
  readonly crowded: boolean;
}

/** Draws points from the budget of a key; a refused draw counts as well. */
export interface Counter {
  take(key: string, points: number): Count | Promise<Count>;
}

export interface WindowCounter extends Counter {
  take(key: string, points: number): Count;
  /** Keys in memory. */
  readonly size: number;
}

export interface WindowOptions {
  /** Keys with a budget of their own; what comes beyond shares. */
  readonly maxKeys?: number;
  /** Whole milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

interface Window {
  used: number;
  endsAt: number;
}

const MAX_KEYS = 100_000;
const SHARED_WINDOWS = 256;

/**
 * Builds a counter for one rate.
 *
 * All windows are equally long, so the map's order, that of their beginning, is also that of their end: the oldest are
 * dropped where a new one begins, without a timer for each.
 */
export function createWindowCounter(rate: Rate, options: WindowOptions = {}): WindowCounter {
  const { maxKeys = MAX_KEYS, now = () => Math.trunc(performance.now()) } = options;
  const lengthMs = rate.seconds * 1000;
  const windows = new Map<string, Window>();
  const shared = Array.from({ length: SHARED_WINDOWS }, (): Window => ({ used: 0, endsAt: 0 }));
  // Secret, or a caller could choose whom to share with.
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;

  function open(key: string, at: number, former: Window | undefined): Window {
    if (former !== undefined) windows.delete(key);
    dropEnded(at);
    if (windows.size >= maxKeys) return shared[hash(key, seed) % SHARED_WINDOWS]!;
    const window = former ?? { used: 0, endsAt: 0 };
    windows.set(key, window);
    return window;
  }

  /** Two for each that comes, so that the map shrinks again after a flood. */
  function dropEnded(at: number): void {
    let dropped = 0;
    for (const [key, window] of windows) {
      if (window.endsAt > at || dropped === 2) return;
      windows.delete(key);
      dropped += 1;
    }
  }

  return {
    take(key, points) {
      const at = now();
      let window = windows.get(key);
      let crowded = false;
      if (window === undefined || window.endsAt <= at) {
        window = open(key, at, window);
        crowded = windows.get(key) !== window;
      }
      if (window.endsAt <= at) {
        window.used = 0;
        window.endsAt = at + lengthMs;
      }
      window.used += points;
      return {
        allowed: window.used <= rate.points,
        remaining: Math.max(0, rate.points - window.used),
        resetMs: window.endsAt - at,
        crowded,
      };
    },
    get size() {
      return windows.size;
    },
  };
}

/** FNV-1a, which is enough to spread keys that nobody can aim. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
