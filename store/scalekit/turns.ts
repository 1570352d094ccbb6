/** Lets only so many calls to one environment run at once, and only so many wait. */

import { AppError } from "../../errors.ts";

export type Turns = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** Builds the queue; the signal ends the wait of one, not its work. */
export function createTurns(concurrent: number, waiting: number): Turns {
  let running = 0;
  const queue: (() => void)[] = [];

  async function begin(signal: AbortSignal): Promise<void> {
    if (running < concurrent) {
      running += 1;
      return;
    }
    if (queue.length >= waiting) {
      throw new AppError(
        "rate_limited",
        "Too many calls to Scalekit wait already; wait, then repeat the call",
        {
          reason: "scalekit_busy",
          retryAfterSeconds: 5,
        },
      );
    }
    await new Promise<void>((resolve, reject) => {
      // Whoever ends hands the place on, so `running` stays as it is.
      const start = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        queue.splice(queue.indexOf(start), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      queue.push(start);
    });
  }

  return async (signal, work) => {
    signal.throwIfAborted();
    await begin(signal);
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
