/** Remembers what may be used once, for as long as it could be used again. */

export interface ReplayStore {
  /**
   * Takes a key for the first time and returns true; false where it was taken before.
   *
   * `expiresAt` is in milliseconds since the epoch. Throws `unavailable` where it cannot be told, full included: what
   * cannot be told apart is refused.
   */
  claim(key: string, expiresAt: number): Promise<boolean>;
}
