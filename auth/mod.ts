/** Who is calling, and may they: the face of this folder for the request pipeline. */

import { AppError } from "../errors.ts";
import { verifyAccessToken } from "./access_token.ts";
import type { Issuer } from "./access_token.ts";
import { readCredential } from "./bearer.ts";
import { invalidToken } from "./claims.ts";
import type { Principal } from "./principal.ts";

/** Finds out who sent a request. */
export interface Authenticator {
  /**
   * Returns the principal of the request's access token, or undefined where it carries no credential of ours.
   *
   * @throws {AppError} `invalid_request` for a malformed credential, `invalid_token` for a refused one, `unavailable`
   * where the issuer's keys cannot be had.
   */
  authenticate(request: Request, query: URLSearchParams): Promise<Principal | undefined>;
}

export interface AuthenticatorOptions {
  readonly issuers: readonly Issuer[];
  readonly now: () => Date;
}

/**
 * Builds the authenticator.
 *
 * @throws {AppError} `invalid_request` where no issuer is given or one is given twice.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, issuer]));
  if (issuers.size === 0) throw new AppError("invalid_request", "No issuer is configured");
  if (issuers.size !== options.issuers.length) {
    throw new AppError("invalid_request", "An issuer is configured twice");
  }
  return {
    async authenticate(request, query) {
      const credential = readCredential(request, query);
      if (credential === undefined) return undefined;
      if (credential.scheme === "DPoP") throw invalidToken("dpop_not_offered");
      return await verifyAccessToken(
        credential.token,
        issuers,
        Math.floor(options.now().getTime() / 1000),
      );
    },
  };
}
