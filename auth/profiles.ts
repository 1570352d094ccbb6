/** How issuers differ in the access tokens they sign: one profile each, as data. */

/** One claim and the one form it must have. */
export interface ClaimRule {
  readonly claim: string;
  /** `string`: scope tokens separated by single spaces (RFC 8693 section 4.2). `array`: a list of strings. */
  readonly form: "string" | "array";
}

/** Where a kind of issuer puts what RFC 9068 has in fixed places. */
export interface IssuerProfile {
  /** Accepted `typ` header values, lower case; `undefined` stands for an absent `typ`. */
  readonly types: readonly (string | undefined)[];
  /** Scopes of a token for a person, and of a token for a client by itself. */
  readonly scopes: { readonly user: ClaimRule; readonly client: ClaimRule };
  readonly clientId: string;
  /** A claim that must agree with the client id where both are there. */
  readonly clientIdAgrees?: string;
  readonly tokenId: { readonly claim: string; readonly required: boolean };
  /** Whether the token was issued to a client by itself. */
  isClient(claims: Claims, clientId: string): boolean;
}

export type Claims = Readonly<Record<string, unknown>>;

const scope: ClaimRule = { claim: "scope", form: "string" };
const ACCESS_TOKEN_TYPES = ["at+jwt", "application/at+jwt"] as const;
const ANY_JWT = [...ACCESS_TOKEN_TYPES, "jwt", undefined] as const;
const subjectIsClient = (claims: Claims, clientId: string) => claims["sub"] === clientId;

/** The profiles that configuration can name. */
export const ISSUER_PROFILES = {
  /** RFC 9068, as the embedded authorization server and every conforming issuer signs. */
  rfc9068: {
    types: ACCESS_TOKEN_TYPES,
    scopes: { user: scope, client: scope },
    clientId: "client_id",
    clientIdAgrees: "azp",
    tokenId: { claim: "jti", required: true },
    isClient: subjectIsClient,
  },
  auth0: {
    types: ANY_JWT,
    scopes: { user: scope, client: scope },
    clientId: "azp",
    clientIdAgrees: "client_id",
    // The Auth0 token profile has no jti; such a token is revoked by client or subject.
    tokenId: { claim: "jti", required: false },
    isClient: (claims, clientId) =>
      claims["gty"] === "client-credentials" || claims["sub"] === `${clientId}@clients`,
  },
  okta: {
    types: ANY_JWT,
    scopes: { user: { claim: "scp", form: "array" }, client: { claim: "scp", form: "array" } },
    clientId: "cid",
    tokenId: { claim: "jti", required: true },
    isClient: subjectIsClient,
  },
  entra: {
    types: ANY_JWT,
    // Delegated permissions and application permissions never stand in one token.
    scopes: { user: { claim: "scp", form: "string" }, client: { claim: "roles", form: "array" } },
    clientId: "azp",
    tokenId: { claim: "uti", required: true },
    isClient: (claims) => claims["idtyp"] === "app" || claims["scp"] === undefined,
  },
  keycloak: {
    types: ANY_JWT,
    scopes: { user: scope, client: scope },
    clientId: "azp",
    clientIdAgrees: "client_id",
    tokenId: { claim: "jti", required: true },
    // Keycloak adds client_id to the token of a service account only.
    isClient: (claims) => typeof claims["client_id"] === "string",
  },
  workos: {
    types: ANY_JWT,
    scopes: { user: scope, client: scope },
    clientId: "client_id",
    tokenId: { claim: "jti", required: true },
    isClient: subjectIsClient,
  },
  scalekit: {
    types: ANY_JWT,
    scopes: {
      user: { claim: "scopes", form: "array" },
      client: { claim: "scopes", form: "array" },
    },
    clientId: "client_id",
    tokenId: { claim: "jti", required: true },
    isClient: subjectIsClient,
  },
} as const satisfies Record<string, IssuerProfile>;

export type ProfileName = keyof typeof ISSUER_PROFILES;
