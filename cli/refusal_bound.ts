/** Keeps a flood of refusals of strangers from filling the audit trail: so many a minute are recorded, the rest are counted. */

import { clearTimeout, setTimeout } from "node:timers";
import type { AuditEvent } from "../store/audit.ts";

/** Refusals of one kind in one window that were not recorded one by one. */
export interface CountedRefusals extends Pick<AuditEvent, "decision" | "reason"> {
  readonly actor: string;
  readonly count: number;
  /** When the first of them was refused. */
  readonly since: Date;
}

export interface RefusalBound {
  /** Takes a refusal; whether it is to be recorded itself. */
  takes(event: AuditEvent): boolean;
  /** Ends the window: reports what was counted. For the stop of the server; otherwise time does it. */
  flush(): void;
}

export interface RefusalBoundOptions {
  /** Told once for each actor, decision and reason, when the window ends. */
  readonly report: (counted: CountedRefusals) => void;
  readonly now: () => Date;
  /** How many are recorded one by one in a window, whoever they are of and whatever for. */
  readonly recorded: number;
  /** Milliseconds; default 60 000. */
  readonly windowMs?: number;
}

const OWN_ACTOR = "server";
const WINDOW_MS = 60_000;
/** Reasons are words of ours and of the RFCs; should one ever come from elsewhere, it is bounded too. */
const MAX_KINDS = 200;
const OTHER_REASONS = "others";

/** Starts to count; the first refusal begins a window. */
export function createRefusalBound(options: RefusalBoundOptions): RefusalBound {
  const { report, now, recorded, windowMs = WINDOW_MS } = options;
  let taken = 0;
  let counted = new Map<string, CountedRefusals>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    taken = 0;
    const ended = counted;
    counted = new Map();
    for (const refusals of ended.values()) report(refusals);
  }

  function count({ actor = OWN_ACTOR, decision, reason: given }: AuditEvent): void {
    const keyOf = (reason: string) => JSON.stringify([actor, decision, reason]);
    const isTooMany = counted.size >= MAX_KINDS && !counted.has(keyOf(given));
    const reason = isTooMany ? OTHER_REASONS : given;
    const known = counted.get(keyOf(reason)) ??
      { actor, decision, reason, count: 0, since: now() };
    counted.set(keyOf(reason), { ...known, count: known.count + 1 });
  }

  return {
    takes(event) {
      if (timer === undefined) {
        timer = setTimeout(flush, windowMs);
        timer.unref();
      }
      taken += 1;
      if (taken <= recorded) return true;
      count(event);
      return false;
    },
    flush,
  };
}
