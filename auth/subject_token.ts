/** The caller's access token while its request lasts, for the one who exchanges it (RFC 8693) and for nobody else. */

import { AppError } from "../errors.ts";

/** Nothing of the token can be read from it: the text is in a closure, and gone when the request is over. */
export interface SubjectToken {
  /** Whose token it is. */
  readonly issuer: string;
  /**
   * Calls a function with the token.
   *
   * @throws {AppError} `unavailable` once the request is over.
   */
  reveal<Result>(to: (token: string) => Result): Result;
  /** Ends it; the function that was called last may still be at work. */
  forget(): void;
}

/** Takes a verified token. */
export function holdSubjectToken(verified: string, issuer: string): SubjectToken {
  let token: string | undefined = verified;
  return Object.freeze({
    issuer,
    reveal<Result>(to: (token: string) => Result): Result {
      if (token !== undefined) return to(token);
      throw new AppError("unavailable", "The call is over", { reason: "call_over" });
    },
    forget: () => void (token = undefined),
  });
}
