/** What a check is, and what can come out of one. */

import { AppError } from "../../errors.ts";
import type { Context } from "./context.ts";

/** `fail`: a rule that protects somebody, or that clients rely on. `warn`: advice, or one kind of client is left out. */
export type Severity = "fail" | "warn";

/** One rule with the way to see from outside whether a server keeps it. */
export interface Check {
  /** Kebab-case; stays the same, since people name it in scripts. */
  readonly id: string;
  /** What holds where the check passes. */
  readonly title: string;
  /** The document and section that ask for it. */
  readonly rule: string;
  /** What a fault counts as. */
  readonly severity: Severity;
  readonly remedy: string;
  run(context: Context): Promise<Outcome>;
}

/** Checks on one topic, in the order in which they are printed. */
export interface Group {
  readonly id: string;
  readonly title: string;
  readonly checks: readonly Check[];
}

export type Outcome =
  | { readonly status: "pass" }
  /** `mild` is a warning whatever the severity of the check is: not all could be seen. */
  | { readonly status: "fault"; readonly seen: string; readonly mild?: true }
  | { readonly status: "skip"; readonly reason: string };

export const PASS: Outcome = { status: "pass" };

export function fault(seen: string): Outcome {
  return { status: "fault", seen };
}

export function mild(seen: string): Outcome {
  return { status: "fault", seen, mild: true };
}

export function skip(reason: string): Outcome {
  return { status: "skip", reason };
}

/** Passes where nothing was seen that should not be. */
export function faultOf(seen: readonly string[]): Outcome {
  return seen.length === 0 ? PASS : fault(seen.join("; "));
}

/** The reason of an error that makes a check skip. */
export const CANNOT_TELL = "cannot_tell";

/** Ends a check whose ground is missing; the message says which. */
export function cannotTell(why: string): AppError {
  return new AppError("not_supported", why, { reason: CANNOT_TELL });
}
