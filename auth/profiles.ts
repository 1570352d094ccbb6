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
  /** A claim whose value tells an access token from the issuer's other tokens. */
  readonly mark?: { readonly claim: string; readonly values: readonly string[] };
  /** Scopes of a token for a person, and of a token for a client by itself. */
  readonly scopes: { readonly user: ClaimRule; readonly client: ClaimRule };
  readonly clientId: string;
  /** A claim that must agree with the client id where both are there. */
  readonly clientIdAgrees?: string;
  readonly tokenId: { readonly claim: string; readonly required: boolean };
  /** Whether the token was issued to a client by itself. */
  isClient(claims: Claims, clientId: string): boolean;
  /** Audiences that the issuer adds to ours on its own account; a strict audience check overlooks them. */
  addedAudiences?(issuer: string): readonly string[];
}

export type Claims = Readonly<Record<string, unknown>>;

const scope: ClaimRule = { claim: "scope", form: "string" };
const scp: ClaimRule = { claim: "scp", form: "array" };
const AT_JWT = ["at+jwt", "application/at+jwt"] as const;
/** Issuers that say nothing of `typ`, or sign every kind of token as a plain JWT. */
const PLAIN_JWT = ["jwt", undefined] as const;
const subjectIsClient = (claims: Claims, clientId: string) => claims["sub"] === clientId;
/** Auth0 names a client that acts for itself by its id and a suffix, in either of its token profiles. */
const subjectIsAuth0Client = (claims: Claims, clientId: string) =>
  claims["sub"] === `${clientId}@clients`;
/** Auth0 adds the UserInfo endpoint where the client also asked for `openid`. */
const auth0UserInfo = (issuer: string) => [`${issuer}userinfo`];

/** The profiles that configuration can name. */
export const ISSUER_PROFILES = {
  /** RFC 9068, as the embedded authorization server and every conforming issuer signs. */
  rfc9068: {
    types: AT_JWT,
    scopes: { user: scope, client: scope },
    clientId: "client_id",
    clientIdAgrees: "azp",
    tokenId: { claim: "jti", required: true },
    isClient: subjectIsClient,
  },
  /** Auth0's own token profile, the default of an Auth0 API. The audience is the API identifier. */
  auth0: {
    types: ["jwt"],
    scopes: { user: scope, client: scope },
    clientId: "azp",
    // There is no jti in it; such a token is revoked by client or subject.
    tokenId: { claim: "jti", required: false },
    isClient: subjectIsAuth0Client,
    addedAudiences: auth0UserInfo,
  },
  /** Auth0's RFC 9068 token profile, a setting of the API; without `gty` and `azp`. */
  "auth0-rfc9068": {
    types: AT_JWT,
    scopes: { user: scope, client: scope },
    clientId: "client_id",
    tokenId: { claim: "jti", required: true },
    isClient: subjectIsAuth0Client,
    addedAudiences: auth0UserInfo,
  },
  /** A custom authorization server of Okta; its one audience is a setting. Others' keys are not published. */
  okta: {
    types: PLAIN_JWT,
    scopes: { user: scp, client: scp },
    clientId: "cid",
    tokenId: { claim: "jti", required: true },
    // A deployment may map `sub` to anything, but `uid` is there exactly where a user is.
    isClient: (claims) => claims["uid"] === undefined,
  },
  /** Microsoft Entra, tokens of version 2.0. The audience is always the API's application id, so it must be configured. */
  entra: {
    types: ["jwt"],
    mark: { claim: "ver", values: ["2.0"] },
    // Only a token for a person has scp; the roles beside it are the person's, not what the client was granted.
    scopes: { user: { claim: "scp", form: "string" }, client: { claim: "roles", form: "array" } },
    clientId: "azp",
    tokenId: { claim: "uti", required: true },
    // `idtyp` is optional, and decides where it is there.
    isClient: (claims) =>
      claims["idtyp"] === undefined ? claims["scp"] === undefined : claims["idtyp"] === "app",
  },
  /** Keycloak, with lightweight tokens and with the at+jwt switch too. The audience needs an audience mapper. */
  keycloak: {
    types: [...AT_JWT, ...PLAIN_JWT],
    mark: { claim: "typ", values: ["Bearer", "DPoP"] },
    scopes: { user: scope, client: scope },
    clientId: "azp",
    clientIdAgrees: "client_id",
    tokenId: { claim: "jti", required: true },
    // A lightweight token has no user name, and then client_id stands in the tokens of service accounts only.
    isClient: (claims, clientId) =>
      claims["preferred_username"] === undefined
        ? claims["client_id"] !== undefined
        : claims["preferred_username"] === `service-account-${clientId.toLowerCase()}`,
    addedAudiences: () => ["account"],
  },
  /**
   * WorkOS AuthKit (Connect). The audience of a person's token is the resource; that of a client's token is always the
   * environment's client id, so it must be configured.
   */
  workos: {
    types: PLAIN_JWT,
    scopes: { user: scope, client: scope },
    clientId: "client_id",
    tokenId: { claim: "jti", required: true },
    isClient: subjectIsClient,
  },
  /** Scalekit. The audience holds the id of the MCP server (`res_...`), and its URL where one is set. */
  scalekit: {
    types: PLAIN_JWT,
    scopes: { user: scope, client: { claim: "scopes", form: "array" } },
    clientId: "client_id",
    tokenId: { claim: "jti", required: true },
    isClient: subjectIsClient,
  },
} as const satisfies Record<string, IssuerProfile>;

export type ProfileName = keyof typeof ISSUER_PROFILES;

/** Whether the header alone tells an access token from an ID token; where it does not, the claims have to. */
export function isTyped(profile: IssuerProfile): boolean {
  return !profile.types.some((type) => type === undefined || type === "jwt");
}
