/** The authorization server's paths, and the document that tells clients of them (RFC 8414). */

import type { ScopePolicy } from "../scopes.ts";

export const PATHS = {
  authorization: "/authorize",
  token: "/token",
  registration: "/register",
  revocation: "/oauth/revoke",
  jwks: "/jwks",
} as const;

/** Both names of the metadata document; OpenID Connect's is what older clients ask for. */
export const METADATA_PATHS = [
  "/.well-known/oauth-authorization-server",
  "/.well-known/openid-configuration",
] as const;

/** How clients authenticate; `none` is for public clients with PKCE. */
export const CLIENT_AUTH_METHODS = [
  "none",
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
] as const;

/** Signatures that are accepted on client assertions. */
export const ASSERTION_ALGORITHMS = ["ES256", "Ed25519", "EdDSA", "PS256", "RS256"] as const;

/** Signatures that are accepted on DPoP proofs. */
export const PROOF_ALGORITHMS = ["ES256", "Ed25519", "EdDSA"] as const;

export interface MetadataOptions {
  readonly issuer: string;
  readonly policy: ScopePolicy;
  readonly resources: readonly string[];
  /** Whether people can authorize clients here, or clients only get tokens for themselves. */
  readonly interactive: boolean;
  readonly dpop: boolean;
}

/** Builds the document; what is not offered is not in it. */
export function authorizationServerMetadata(options: MetadataOptions): Record<string, unknown> {
  const { issuer, policy, resources, interactive, dpop } = options;
  const scopes = [...policy.definitions.keys()];
  return {
    issuer,
    // Clients' parsers require it, also where no client can use it.
    authorization_endpoint: issuer + PATHS.authorization,
    token_endpoint: issuer + PATHS.token,
    jwks_uri: issuer + PATHS.jwks,
    revocation_endpoint: issuer + PATHS.revocation,
    grant_types_supported: interactive
      ? ["authorization_code", "refresh_token", "client_credentials"]
      : ["client_credentials"],
    token_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS.filter((method) =>
      interactive || method !== "none"
    ),
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS.filter((method) =>
      interactive || method !== "none"
    ),
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
    protected_resources: resources,
    ...(dpop ? { dpop_signing_alg_values_supported: PROOF_ALGORITHMS } : {}),
    ...(interactive
      ? {
        registration_endpoint: issuer + PATHS.registration,
        scopes_supported: [...scopes, "offline_access"],
        response_types_supported: ["code"],
        response_modes_supported: ["query", "fragment", "form_post"],
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        // OpenID Connect Discovery 1.0 section 3 requires these two; no ID token is ever issued.
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
      }
      : { scopes_supported: scopes, response_types_supported: [] }),
  };
}
