/** Who is calling, as far as a verified access token tells. */

/**
 * The verified caller: subject, client and scopes of one access token (RFC 9068 section 2.2).
 *
 * It never holds the token. Two principals are the same only when issuer, kind and id are.
 */
export interface Principal {
  readonly issuer: string;
  /** `client` when the client acts for itself (client credentials), `user` when it acts for a person. */
  readonly kind: "user" | "client";
  readonly subject: string;
  readonly clientId: string;
  /** The scopes the token grants, as issued; what they imply is the scope policy's business. */
  readonly scopes: readonly string[];
  /** The token's `jti`; undefined for the few issuers that give none. */
  readonly tokenId: string | undefined;
  /** NumericDate, in seconds. */
  readonly issuedAt: number;
  /** NumericDate, in seconds. */
  readonly expiresAt: number;
}

/** The stable key of a principal: issuer, kind and id, so that a user can never equal a client (R94). */
export function principalKey(principal: Principal): string {
  const id = principal.kind === "client" ? principal.clientId : principal.subject;
  return JSON.stringify([principal.issuer, principal.kind, id]);
}
