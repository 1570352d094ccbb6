/** How long a tool, or what is read like one, may take: its own time, or until its caller's access ends. */

import { AppError } from "../errors.ts";

export interface Deadline {
  /** Aborts when time is over, and with the caller's own signal. */
  readonly signal: AbortSignal;
  /** Rejects when time is over, and when the caller's signal carries an AppError. */
  readonly expired: Promise<never>;
  /** Waits for what comes before the handler; a call that was ended in the meantime goes no further. */
  within<T>(work: T | Promise<T>): Promise<T>;
  clear(): void;
}

export function withDeadline(outer: AbortSignal, timeoutMs: number, what = "tool"): Deadline {
  const controller = new AbortController();
  const expired = Promise.withResolvers<never>();
  // A handler that throws before anybody waits must not leave a rejection behind.
  expired.promise.catch(() => {});
  const onAbort = () => {
    controller.abort(outer.reason);
    if (outer.reason instanceof AppError) expired.reject(outer.reason);
  };
  if (outer.aborted) onAbort();
  else outer.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => {
    const error = new AppError("timeout", `The ${what} did not finish within ${timeoutMs} ms`);
    controller.abort(error);
    expired.reject(error);
  }, timeoutMs);
  return {
    signal: controller.signal,
    expired: expired.promise,
    async within(work) {
      const done = await Promise.race([work, expired.promise]);
      if (controller.signal.reason instanceof AppError) throw controller.signal.reason;
      return done;
    },
    clear() {
      clearTimeout(timer);
      outer.removeEventListener("abort", onAbort);
    },
  };
}
