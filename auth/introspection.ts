/** Asks the issuer about an opaque access token (RFC 7662). */

import { AppError } from "../errors.ts";
import { checkClaims, invalidToken } from "./claims.ts";
import type { ClaimRules } from "./claims.ts";
import { fetchJson } from "./fetch_json.ts";
import type { Principal } from "./principal.ts";
import type { Claims, IssuerProfile } from "./profiles.ts";

/** How to ask one issuer. */
export interface IntrospectionEndpoint {
  readonly locate: () => Promise<string>;
  readonly clientId: string;
  readonly clientSecret: string;
  /** How long an active answer is trusted, in seconds. */
  readonly cacheSeconds: number;
}

export interface IntrospectedToken {
  readonly principal: Principal;
  readonly claims: Claims;
  readonly believedSeconds: number;
}

/** Section 2.2 names the members of an answer; only `active` is always there. */
const ANSWER_PROFILE: IssuerProfile = {
  types: [],
  scopes: {
    user: { claim: "scope", form: "string" },
    client: { claim: "scope", form: "string" },
  },
  clientId: "client_id",
  tokenId: { claim: "jti", required: false },
  isClient: (claims, clientId) => claims["sub"] === clientId,
};

/** Strangers decide how often we ask, so we never ask more than this at once. */
const MAX_CONCURRENT = 16;

/** Builds the function that asks; it throws `invalid_token` for a token that is not active or not for us. */
export function createIntrospection(
  endpoint: IntrospectionEndpoint,
  rules: ClaimRules,
): (token: string, now: number) => Promise<IntrospectedToken> {
  let running = 0;
  return async (token, now) => {
    if (running >= MAX_CONCURRENT) throw unavailable("introspection_busy");
    running += 1;
    let answer;
    try {
      answer = await ask(endpoint, token);
    } catch (cause) {
      throw unavailable("introspection_unavailable", cause);
    } finally {
      running -= 1;
    }
    if (answer["active"] !== true) throw invalidToken("token_inactive");
    const claims: Claims = {
      iss: rules.issuer,
      sub: answer["client_id"],
      iat: now,
      exp: now + endpoint.cacheSeconds,
      ...answer,
    };
    const principal = checkClaims(claims, { ...rules, profile: ANSWER_PROFILE }, now);
    return { principal, claims, believedSeconds: endpoint.cacheSeconds };
  };
}

async function ask(
  endpoint: IntrospectionEndpoint,
  token: string,
): Promise<Record<string, unknown>> {
  const { clientId, clientSecret } = endpoint;
  // RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
  const credentials = btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`);
  return await fetchJson({
    url: await endpoint.locate(),
    maxBytes: 64 * 1024,
    init: {
      method: "POST",
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ token, token_type_hint: "access_token" }),
    },
  });
}

function unavailable(reason: string, cause?: unknown): AppError {
  return new AppError("unavailable", "The token cannot be checked now; try again later", {
    reason,
    retryAfterSeconds: 5,
    cause,
  });
}
