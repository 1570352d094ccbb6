/** The access tokens that are out: they are signed and cannot be called back, so what ends them is a revocation (RFC 7009 section 2.1). */

import { compactVerify, createLocalJWKSet } from "jose";
import type { JWK } from "jose";
import type { AuthorizationStateStore } from "../../store/authorization.ts";
import type { NewRevocation } from "../../store/revocation.ts";
import { readUnverified } from "../access_token.ts";
import type { RevocationList } from "../revocation.ts";
import { errors } from "./library.ts";
import { ACCESS_TOKEN_SECONDS, ACCESS_TOKEN_TOLERANCE_SECONDS } from "./lifetimes.ts";
import { hashId } from "./record_ids.ts";

export interface IssuedTokens {
  /**
   * Remembers which grant a token comes of, before the token is signed.
   *
   * @throws `invalid_grant` where the grant ended meanwhile.
   */
  remember(token: { readonly jti: string; readonly grantId?: string }): Promise<void>;
  /** Ends a grant together with the access tokens that came of it; `by` says whether its own client asked for that. */
  endGrant(grantId: string, by: { readonly isClient: boolean }): Promise<void>;
  /** Revokes a token of ours that belongs to this client; leaves everything else alone, without a word (section 2.2). */
  revoke(token: string, clientId: string): Promise<void>;
  /** Whether a client gets nothing here until it is restored. */
  isShutOut(clientId: string): boolean;
  /**
   * Whether a person gets nothing here by what was issued to them then: a code or refresh token of a client, or the
   * session in which they signed in. Times in seconds since the epoch; none for a person who comes anew.
   */
  isPersonShutOut(subject: string, by?: { clientId?: string; issuedAt?: number }): boolean;
}

export interface IssuedTokenOptions {
  readonly issuer: string;
  readonly signingKeys: readonly JWK[];
  readonly state: AuthorizationStateStore;
  readonly revocations: Pick<RevocationList, "check" | "add">;
}

const MODEL = "IssuedToken";
const ACTOR = "authorization-server";
/** Whose wishes leave room for what has to end (store/sql/revocations.ts). */
const CLIENT_ACTOR = "client";

export function createIssuedTokens(options: IssuedTokenOptions): IssuedTokens {
  const { issuer, state, revocations } = options;
  const keys = createLocalJWKSet({ keys: options.signingKeys.map(({ d: _, ...key }) => key) });

  async function end(
    tokenId: string,
    expiresAt: number,
    { actor, reason }: Pick<NewRevocation, "actor" | "reason">,
  ): Promise<void> {
    await revocations.add({
      target: { kind: "token", issuer, tokenId },
      reason,
      actor,
      expiresAt: (expiresAt + ACCESS_TOKEN_TOLERANCE_SECONDS) * 1000,
    });
  }

  /** The claims of a token that our key signed; undefined for anything else. */
  async function claimsOf(token: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    try {
      await compactVerify(token, keys, { algorithms: ["ES256"] });
      return readUnverified(token).claims;
    } catch {
      return undefined;
    }
  }

  return {
    async remember({ jti, grantId }) {
      if (grantId === undefined) return;
      const expiresAt = Math.ceil(Date.now() / 1000) + ACCESS_TOKEN_SECONDS;
      const id = hashId(grantId);
      await state.put(MODEL, hashId(jti), {
        payload: { jti, exp: expiresAt },
        expiresAt: (expiresAt + ACCESS_TOKEN_TOLERANCE_SECONDS) * 1000,
        grantId: id,
      });
      // A grant that ends now either finds this token remembered, or is found gone here.
      if (await state.find("Grant", id) === undefined) throw new errors.InvalidGrant("grant ended");
    },
    async endGrant(grantId, { isClient }) {
      const id = hashId(grantId);
      const why = { actor: isClient ? CLIENT_ACTOR : ACTOR, reason: "the grant it came of ended" };
      await state.remove("Grant", id);
      for (const { jti, exp } of await state.findByGrant(MODEL, id)) {
        await end(String(jti), Number(exp), why);
      }
      await state.removeByGrant(MODEL, id);
    },
    async revoke(token, clientId) {
      const claims = await claimsOf(token);
      if (claims === undefined || claims["iss"] !== issuer || claims["client_id"] !== clientId) {
        return;
      }
      const { jti, exp } = claims;
      if (typeof jti !== "string" || typeof exp !== "number") return;
      if (exp + ACCESS_TOKEN_TOLERANCE_SECONDS <= Date.now() / 1000) return;
      await end(jti, exp, { actor: CLIENT_ACTOR, reason: "its client revoked it" });
    },
    isShutOut: (clientId) =>
      revocations.check({
        issuer,
        kind: "client",
        subject: clientId,
        clientId,
        tokenId: undefined,
        // Later than every time up to which tokens were revoked.
        issuedAt: Infinity,
      }) !== undefined,
    isPersonShutOut: (subject, { clientId = "", issuedAt = Infinity } = {}) =>
      revocations.check({
        issuer,
        kind: "user",
        subject,
        clientId,
        tokenId: undefined,
        issuedAt,
      }) !== undefined,
  };
}
