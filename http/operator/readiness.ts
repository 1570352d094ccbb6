/** Whether this instance should be given work: one check for each thing that a call cannot do without. */

import { AppError } from "../../errors.ts";

/** Resolves where all is well, with what is worth knowing all the same; what it throws is the reason. */
export type Check = () => Promise<string | undefined>;

export interface CheckResult {
  readonly ok: boolean;
  readonly detail?: string;
}

/** The body of `GET /readyz`. */
export interface Readiness {
  readonly status: "ready" | "unready" | "stopping";
  readonly checks: Readonly<Record<string, CheckResult>>;
  /** Hex SHA-256 of the tool catalogue: equal on instances that offer the same. */
  readonly catalogue: string;
}

export interface ReadinessOptions {
  readonly checks: Readonly<Record<string, Check>>;
  readonly catalogue: string;
  readonly stopping: () => boolean;
  /** Milliseconds for each check; default 2000. */
  readonly timeoutMs?: number;
}

/** Builds the question; who asks while an answer is on its way gets the same one. */
export function createReadiness(options: ReadinessOptions): () => Promise<Readiness> {
  const { catalogue, stopping, timeoutMs = 2000 } = options;
  let running: Promise<Readiness> | undefined;

  async function ask(): Promise<Readiness> {
    const results = await Promise.all(
      Object.entries(options.checks).map(async ([name, check]) =>
        [name, await resultOf(check, timeoutMs)] as const
      ),
    );
    const status = results.every(([, { ok }]) => ok) ? "ready" : "unready";
    return {
      status: stopping() ? "stopping" : status,
      checks: Object.fromEntries(results),
      catalogue,
    };
  }

  return () => running ??= ask().finally(() => (running = undefined));
}

/** Our own messages are for the operator; what a stranger's error says may hold a password. */
async function resultOf(check: Check, timeoutMs: number): Promise<CheckResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new AppError("timeout", `No answer within ${timeoutMs} ms`);
    timer = setTimeout(() => reject(error), timeoutMs);
  });
  try {
    const detail = await Promise.race([check(), late]);
    return { ok: true, ...(detail !== undefined && { detail }) };
  } catch (error) {
    return { ok: false, detail: error instanceof AppError ? error.message : "Failed" };
  } finally {
    clearTimeout(timer);
  }
}
