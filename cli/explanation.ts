/** Finds out what the server makes of a token, with the server's own functions, and keeps what each of them saw. */

import { isCompactJws, readUnverified } from "../auth/access_token.ts";
import type { VerifiedToken } from "../auth/access_token.ts";
import { readScopes } from "../auth/claims.ts";
import type { Issuer } from "../auth/issuer.ts";
import type { ProtectedResource } from "../auth/metadata.ts";
import { createAuthenticator } from "../auth/mod.ts";
import type { Principal } from "../auth/principal.ts";
import { ISSUER_PROFILES } from "../auth/profiles.ts";
import type { Claims } from "../auth/profiles.ts";
import type { RevocationList } from "../auth/revocation.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { createTokenVerifier } from "../auth/token_verifier.ts";
import { AppError } from "../errors.ts";
import { insufficientScope } from "../tools/execute.ts";
import type { Registry, Tool } from "../tools/registry.ts";
import { usageError } from "./command.ts";
import { adviceFor } from "./explain_advice.ts";

/** Everything the server would hold the token against. */
export interface ExplanationParts {
  readonly issuers: readonly Issuer[];
  readonly resource: ProtectedResource;
  readonly policy: ScopePolicy;
  readonly registry: Registry;
  /** The tool that is asked about; all of them where there is none. */
  readonly tool: Tool | undefined;
  readonly revocations: Pick<RevocationList, "check" | "settle">;
  readonly now: () => Date;
}

/** What `--json` prints; the members of a token's claims are as the token says them. */
export interface Explanation {
  readonly decision: "allowed" | "refused";
  /** Absent where the answer is yes. */
  readonly refusal?: {
    readonly status: number;
    readonly error: string;
    readonly reason: string;
    readonly advice: string;
  };
  readonly token: {
    readonly form: "jwt" | "opaque";
    readonly alg?: unknown;
    readonly typ?: unknown;
    readonly kid?: unknown;
  };
  readonly issuer: {
    readonly name: unknown;
    readonly known: boolean;
    readonly profile?: string;
    readonly audiences?: readonly string[];
    readonly configured: readonly string[];
  };
  readonly verified: boolean;
  /** Absent as long as no issuer is known whose profile says where to look. */
  readonly claims?: ReadClaims;
  /** The thumbprint of the key that each request must prove (RFC 9449); only the proof was taken on trust here. */
  readonly bound_to?: string;
  /** Absent as long as nobody can tell what the token grants. */
  readonly tools?: readonly {
    readonly name: string;
    readonly required_scopes: readonly string[];
    readonly missing_scopes: readonly string[];
  }[];
  /** What went wrong on the way to the issuer. */
  readonly notes?: readonly string[];
}

/** What the server reads, by the claim that the issuer's profile names. */
export interface ReadClaims {
  readonly audience: unknown;
  readonly subject: unknown;
  readonly client: { readonly claim: string; readonly value: unknown };
  readonly kind?: Principal["kind"];
  readonly token_id: { readonly claim: string; readonly value: unknown };
  /** NumericDates, in seconds. */
  readonly issued_at: unknown;
  readonly not_before: unknown;
  readonly expires_at: unknown;
  readonly scopes: {
    readonly claim: string;
    readonly form: string;
    readonly value: unknown;
    readonly granted?: readonly string[];
    readonly implied?: readonly string[];
    /** Granted scopes that mean nothing to this server. */
    readonly unknown?: readonly string[];
  };
}

/**
 * Explains a token.
 *
 * @throws {AppError} `invalid_request` for a text that no header can carry.
 */
export async function explainToken(token: string, parts: ExplanationParts): Promise<Explanation> {
  const { issuers, policy, registry, tool } = parts;
  const shown = unverified(token);
  const tried = await present(token, parts);
  const issuer = tried.verified?.issuer ??
    issuers.find(({ issuer }) => issuer === shown?.claims["iss"]);
  const claims = issuer && readClaims(issuer, shown?.claims, tried, policy);
  const granted = claims?.scopes.granted;
  const tools = granted && (tool ? [tool] : registry.tools).map(({ name, scopes }) => ({
    name,
    required_scopes: scopes,
    missing_scopes: policy.missing(granted, scopes),
  }));
  const boundTo = tried.verified?.boundTo;
  const missing = tool && tools?.[0]?.missing_scopes;
  const refusal = tried.error ?? (missing?.length ? insufficientScope(tool!, missing) : undefined);
  return {
    decision: refusal ? "refused" : "allowed",
    ...(refusal && { refusal: describe(refusal) }),
    token: shown ? { form: "jwt", ...headerFacts(shown.header) } : { form: "opaque" },
    issuer: {
      name: issuer?.issuer ?? shown?.claims["iss"],
      known: issuer !== undefined,
      ...(issuer && { profile: profileName(issuer), audiences: [...issuer.audiences] }),
      configured: issuers.map(({ issuer }) => issuer),
    },
    verified: tried.verified !== undefined,
    ...(claims && { claims }),
    ...(boundTo !== undefined && { bound_to: boundTo }),
    ...(tools && { tools }),
  };
}

function headerFacts({ alg, typ, kid }: Claims): Pick<Explanation["token"], "alg" | "typ" | "kid"> {
  return { alg, typ, kid };
}

interface Tried {
  readonly verified: VerifiedToken | undefined;
  readonly error: AppError | undefined;
}

/** Presents the token as a client would; of a bound one only the proof is taken on trust. */
async function present(token: string, parts: ExplanationParts): Promise<Tried> {
  const verify = createTokenVerifier({ issuers: parts.issuers });
  let verified: VerifiedToken | undefined;
  const authenticator = createAuthenticator({
    verifyToken: async (presented, now) => verified = await verify(presented, now),
    verifyProof: () => Promise.resolve(),
    revocations: parts.revocations,
    now: parts.now,
  });
  const refusedWith = async (scheme: "Bearer" | "DPoP"): Promise<AppError | undefined> => {
    try {
      const request = requestWith(`${scheme} ${token}`, parts.resource);
      await authenticator.authenticate(request, new URLSearchParams(), {
        resource: parts.resource,
      });
      return undefined;
    } catch (error) {
      if (error instanceof AppError && error.reason !== "usage") return error;
      throw error;
    }
  };
  let error = await refusedWith("Bearer");
  if (error?.reason === "bound_token_as_bearer") error = await refusedWith("DPoP");
  return { verified, error };
}

function requestWith(authorization: string, { resource }: ProtectedResource): Request {
  try {
    return new Request(resource, { method: "POST", headers: { authorization } });
  } catch {
    throw usageError("That is no access token: it has characters that no header can carry");
  }
}

function unverified(token: string): ReturnType<typeof readUnverified> | undefined {
  if (!isCompactJws(token)) return undefined;
  try {
    return readUnverified(token);
  } catch {
    // The verifier says the same, with its reason.
    return undefined;
  }
}

/** From the principal where the token holds, otherwise as the token claims them. */
function readClaims(
  issuer: Issuer,
  claims: Claims = {},
  { verified, error }: Tried,
  policy: ScopePolicy,
): ReadClaims {
  const { profile } = issuer;
  const principal = error === undefined ? verified?.principal : undefined;
  const client = principal?.clientId ?? claims[profile.clientId];
  const kind = principal?.kind ??
    (typeof client !== "string" ? undefined : profile.isClient(claims, client) ? "client" : "user");
  const rule = profile.scopes[kind ?? "user"];
  const granted = principal?.scopes ?? claimedScopes(claims, rule);
  return {
    audience: claims["aud"],
    subject: principal?.subject ?? claims["sub"],
    client: { claim: profile.clientId, value: client },
    ...(kind && { kind }),
    token_id: {
      claim: profile.tokenId.claim,
      value: principal?.tokenId ?? claims[profile.tokenId.claim],
    },
    issued_at: principal?.issuedAt ?? claims["iat"],
    not_before: claims["nbf"],
    expires_at: principal?.expiresAt ?? claims["exp"],
    scopes: {
      ...rule,
      value: claims[rule.claim],
      ...(granted && {
        granted,
        implied: policy.expand(granted).filter((scope) => !granted.includes(scope)),
        unknown: granted.filter((scope) => !policy.definitions.has(scope)),
      }),
    },
  };
}

function claimedScopes(
  claims: Claims,
  rule: Issuer["profile"]["scopes"]["user"],
): readonly string[] | undefined {
  try {
    return readScopes(claims, rule, false);
  } catch {
    return undefined;
  }
}

function describe(error: AppError): NonNullable<Explanation["refusal"]> {
  const { status, code, reason, message } = error;
  // The one refusal whose message says more than any advice could.
  const advice = code === "insufficient_scope" ? message : adviceFor(reason);
  return { status, error: code, reason, advice };
}

function profileName(issuer: Issuer): string {
  const known = Object.entries(ISSUER_PROFILES).find(([, profile]) => profile === issuer.profile);
  return known?.[0] ?? "unknown";
}
