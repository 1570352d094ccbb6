/** Who is calling, and may they: the face of this folder for the request pipeline. */

import type { VerifiedToken } from "./access_token.ts";
import { readCredential } from "./bearer.ts";
import type { Credential } from "./bearer.ts";
import { invalidToken } from "./claims.ts";
import type { ProofVerifier } from "./dpop.ts";
import type { ProtectedResource } from "./metadata.ts";
import type { Principal } from "./principal.ts";
import type { RevocationList } from "./revocation.ts";
import { holdSubjectToken } from "./subject_token.ts";
import type { SubjectToken } from "./subject_token.ts";
import type { TokenVerifier } from "./token_verifier.ts";

/** Finds out who sent a request. */
export interface Authenticator {
  /**
   * Returns the principal of the request's access token, or undefined where it carries no credential of ours.
   *
   * @throws {AppError} `invalid_request` for a malformed credential, `invalid_token`, `invalid_dpop_proof` or
   * `use_dpop_nonce` for a refused one, `unavailable` where that cannot be told.
   */
  authenticate(
    request: Request,
    query: URLSearchParams,
    purpose: AuthenticationPurpose,
  ): Promise<Principal | undefined>;
}

export interface AuthenticationPurpose {
  /** The resource under the name that the client used. */
  readonly resource: ProtectedResource;
  /** Told whose token it is once that is proved, for the record of a refusal that comes after. */
  readonly onVerified?: (principal: Principal) => void;
  /** Given the token once nothing speaks against it, where its issuer is one of `subjectIssuers`. */
  readonly onSubject?: (subject: SubjectToken) => void;
}

export interface AuthenticatorOptions {
  readonly verifyToken: TokenVerifier;
  readonly verifyProof: ProofVerifier;
  readonly revocations: Pick<RevocationList, "check" | "settle">;
  readonly now: () => Date;
  /** Issuers whose tokens some upstream takes in exchange; of others no token is kept past this stage. */
  readonly subjectIssuers?: ReadonlySet<string>;
}

/** Builds the authenticator: one credential, the token, whether it was revoked, the proof of its key where it is bound. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { verifyToken, verifyProof, revocations, subjectIssuers } = options;

  return {
    async authenticate(request, query, { resource, onVerified, onSubject }) {
      const credential = readCredential(request, query);
      if (credential === undefined) return undefined;
      const now = Math.floor(options.now().getTime() / 1000);
      const token = await verifyToken(credential.token, now);
      onVerified?.(token.principal);
      checkScheme(credential, token);
      // Behind the cache of verified tokens, so that no token outlives its revocation in there (R42).
      await revocations.settle();
      const ended = revocations.check(token.principal);
      if (ended !== undefined) throw invalidToken(ended);
      if (token.boundTo !== undefined) {
        await verifyProof(request.headers.get("dpop"), {
          method: request.method,
          url: resource.resource,
          accessToken: credential.token,
          thumbprint: token.boundTo,
          nonceRequired: token.issuer.dpop.nonce,
        }, now);
      }
      const { issuer } = token.principal;
      if (subjectIssuers?.has(issuer)) onSubject?.(holdSubjectToken(credential.token, issuer));
      return token.principal;
    },
  };
}

/** RFC 9449 section 7.2: a bound token is never a bearer token, and a bearer token gains nothing from the other scheme. */
function checkScheme(credential: Credential, token: VerifiedToken): void {
  const { mode } = token.issuer.dpop;
  const bound = token.boundTo !== undefined;
  if (bound && mode === "off") throw invalidToken("cnf_not_supported");
  if (bound !== (credential.scheme === "DPoP")) {
    throw invalidToken(bound ? "bound_token_as_bearer" : "token_not_bound");
  }
  if (!bound && mode === "required") throw invalidToken("dpop_required");
}
