/** Builds WWW-Authenticate challenges (RFC 6750 section 3, RFC 9728 section 5.1). */

import type { DpopOffer } from "./metadata.ts";

/** The parameters of one Bearer challenge; `error` is absent where the request had no credential. */
export interface Challenge {
  readonly resourceMetadata: string;
  readonly error?: "invalid_request" | "invalid_token" | "insufficient_scope";
  readonly description?: string;
  readonly scopes?: readonly string[];
}

/**
 * Returns the header value. Real clients want `Bearer ` first and each value quoted.
 *
 * Scopes and URL come from configuration, where no quote or backslash can be in them (RFC 6749 section 3.3). A description
 * can be a tool author's, so what RFC 6750 section 3 does not allow there is replaced.
 */
export function bearerChallenge(challenge: Challenge): string {
  const parameters: string[] = [];
  if (challenge.error) {
    parameters.push(`error="${challenge.error}"`);
    const description = challenge.description?.replace(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, "'");
    if (description) parameters.push(`error_description="${description}"`);
  }
  if (challenge.scopes && challenge.scopes.length > 0) {
    parameters.push(`scope="${challenge.scopes.join(" ")}"`);
  }
  parameters.push(`resource_metadata="${challenge.resourceMetadata}"`);
  return `Bearer ${parameters.join(", ")}`;
}

/** The second challenge where bound tokens are taken (RFC 9449 section 7.1). */
export function dpopChallenge(
  offer: DpopOffer,
  error?: { readonly code: string; readonly description: string },
): string {
  const parameters = [`algs="${offer.algorithms.join(" ")}"`];
  if (error) {
    parameters.unshift(`error="${error.code}"`, `error_description="${error.description}"`);
  }
  return `DPoP ${parameters.join(", ")}`;
}
