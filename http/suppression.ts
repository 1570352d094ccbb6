/** Keeps a flood of refusals from flooding the records: of each address the first is recorded, the rest are counted. */

import { clearTimeout, setTimeout } from "node:timers";
import { addressKey } from "./limits/address.ts";

/** Refusals of one address in one window that were not recorded one by one. */
export interface Suppressed {
  /** An IPv6 network counts as one; `OTHER_PEERS` stands for those that were too many to tell apart. */
  readonly peer: string;
  readonly count: number;
  /** When the first of the window was refused; it was recorded itself. */
  readonly since: Date;
}

export interface Suppression {
  /** Takes a refusal; whether it is to be recorded itself, being the first of its address in this window. */
  refused(peer: string): boolean;
  /** Ends the window: reports what was counted. For the stop of the server; otherwise time does it. */
  flush(): void;
}

export interface SuppressionOptions {
  /** Told of each address with more than one refusal, when the window ends. */
  readonly report: (suppressed: Suppressed) => void;
  readonly now: () => Date;
  /** Milliseconds; default 60 000. */
  readonly windowMs?: number;
  /** Addresses that are told apart in one window; default 1000. */
  readonly maxPeers?: number;
}

export const OTHER_PEERS = "others";
const WINDOW_MS = 60_000;
const MAX_PEERS = 1000;

/** Starts to count; the first refusal begins a window for all addresses. */
export function createSuppression(options: SuppressionOptions): Suppression {
  const { report, now, windowMs = WINDOW_MS, maxPeers = MAX_PEERS } = options;
  let counted = new Map<string, { since: Date; refusals: number }>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const ended = counted;
    counted = new Map();
    for (const [peer, { since, refusals }] of ended) {
      if (refusals > 1) report({ peer, count: refusals - 1, since });
    }
  }

  return {
    refused(peer) {
      let key = addressKey(peer);
      if (!counted.has(key) && counted.size >= maxPeers) key = OTHER_PEERS;
      const known = counted.get(key);
      if (known !== undefined) {
        known.refusals += 1;
        return false;
      }
      if (timer === undefined) {
        timer = setTimeout(flush, windowMs);
        timer.unref();
      }
      counted.set(key, { since: now(), refusals: 1 });
      return true;
    },
    flush,
  };
}
