/** Remembers what calls with an idempotency key came to, so that a repeated one is answered and not run again. */

/** A key that a call wants to run under. All texts but `holder` are digests: the store learns no key and no argument. */
export interface IdempotencyClaim {
  /** Stands for caller, tool and key at once. */
  readonly key: string;
  /** Stands for the caller, whose keys are counted. */
  readonly caller: string;
  /** Stands for the arguments. */
  readonly input: string;
  /** The one call that may say what came of it. */
  readonly holder: string;
  /** Milliseconds since the epoch: by then the call has ended, or its process has. */
  readonly busyUntil: number;
  /** Milliseconds since the epoch: from then on the key is free again. */
  readonly expiresAt: number;
}

/** What is known of a key that was claimed. */
export interface IdempotencyRecord extends Pick<IdempotencyClaim, "input" | "busyUntil"> {
  /** What the holder kept, as it was given; undefined while the call runs, and when it ended without a word. */
  readonly outcome: string | undefined;
}

export interface IdempotencyStore {
  /** The record of a key whose time is not over. */
  find(key: string): Promise<IdempotencyRecord | undefined>;
  /**
   * Takes a key that nobody has and returns true; false where it is taken.
   *
   * @throws {AppError} `unavailable` with reason `idempotency_full` when the caller, or all callers together, have too many.
   */
  claim(claim: IdempotencyClaim): Promise<boolean>;
  /** Keeps what came of the holder's call; the first word is the last one. */
  keep(key: string, holder: string, outcome: string): Promise<void>;
  /** Gives the holder's key back, as if it had never been taken. */
  release(key: string, holder: string): Promise<void>;
}
