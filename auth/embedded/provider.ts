/** Configures oidc-provider: which grants, for whom, for how long, and with which scopes for which resource. */

import { randomBytes } from "node:crypto";
import { RateLimiterMemory } from "rate-limiter-flexible";
import type { AuthorizationStateStore, ClientStore } from "../../store/authorization.ts";
import type { ScopePolicy } from "../scopes.ts";
import { createAdapters, DYNAMIC_CLIENT_PREFIX } from "./adapter.ts";
import { secretMatches } from "./clients.ts";
import { createCookieSignatures } from "./cookie_signatures.ts";
import { LOCAL_OPERATOR } from "./interaction.ts";
import type { EmbeddedKeys } from "./keys.ts";
import { createLibraryProvider, errors, interactionPolicy } from "./library.ts";
import type {
  ClientMetadata,
  LibraryClient,
  LibraryContext,
  LibraryError,
  Provider,
} from "./library.ts";
import { ASSERTION_ALGORITHMS, CLIENT_AUTH_METHODS, PATHS, PROOF_ALGORITHMS } from "./metadata.ts";
import { answerOutage, describeFailure } from "./outage.ts";
import { errorPage, PAGE_HEADERS } from "./page.ts";
import type { DocumentFetch } from "./public_fetch.ts";
import { acceptMetadata, GRANT_TYPES } from "./registration.ts";
import { createScopeRules } from "./scope_rules.ts";
import type { Users } from "./users.ts";

export interface ProviderOptions {
  readonly issuer: string;
  readonly resources: readonly string[];
  readonly policy: ScopePolicy;
  readonly clients: ClientStore;
  readonly state: AuthorizationStateStore;
  readonly keys: EmbeddedKeys;
  /** Undefined where the local operator decides. */
  readonly users: Users | undefined;
  /** Whether people can authorize clients here. */
  readonly interactive: boolean;
  /** Whether tokens are bound to the key of a DPoP proof. */
  readonly dpop: boolean;
  readonly fetchDocument: DocumentFetch;
  readonly log: (message: string, properties?: Record<string, unknown>) => void;
}

const ACCESS_TOKEN_SECONDS = 300;
const CODE_SECONDS = 60;
const INTERACTION_SECONDS = 600;
const SESSION_SECONDS = 8 * 3600;
const REFRESH_TOKEN_SECONDS = 14 * 86_400;
/** Also ends a chain of refresh tokens. */
const GRANT_SECONDS = 90 * 86_400;
const MAX_ASSERTION_SECONDS = 600;
const CLOCK_TOLERANCE_SECONDS = 15;
const DOCUMENT_FETCHES_PER_MINUTE = 60;

/** Builds the library's request handler with our rules in it. */
export function createProvider(options: ProviderOptions): Provider {
  const { issuer, keys, users, interactive, dpop, fetchDocument, log } = options;
  const secure = issuer.startsWith("https:");
  const adapters = createAdapters(options);
  const fetches = new RateLimiterMemory({ points: DOCUMENT_FETCHES_PER_MINUTE, duration: 60 });
  const cookie = { signed: true, httpOnly: true, sameSite: "lax", overwrite: true, secure };

  const provider = createLibraryProvider(issuer, {
    adapter: adapters.create,
    jwks: { keys: keys.signingKeys },
    cookies: {
      keys: createCookieSignatures(keys.cookieKeys),
      // The prefixes bind a cookie to https, and the first one to this host and all its paths.
      names: secure
        ? {
          session: "__Host-gatehouse_session",
          interaction: "__Secure-gatehouse_interaction",
          resume: "__Secure-gatehouse_resume",
        }
        : {
          session: "gatehouse_session",
          interaction: "gatehouse_interaction",
          resume: "gatehouse_resume",
        },
      long: cookie,
      short: cookie,
    },
    routes: { ...PATHS, end_session: "/session/end" },
    scopes: ["openid", "offline_access"],
    responseTypes: ["code"],
    clientAuthMethods: CLIENT_AUTH_METHODS,
    clientDefaults: { id_token_signed_response_alg: "ES256", grant_types: GRANT_TYPES },
    enabledJWA: {
      clientAuthSigningAlgValues: ASSERTION_ALGORITHMS,
      dPoPSigningAlgValues: PROOF_ALGORITHMS,
      idTokenSigningAlgValues: ["ES256"],
    },
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: { required: () => true },
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      ClientCredentials: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Session: SESSION_SECONDS,
      RefreshToken: REFRESH_TOKEN_SECONDS,
      Grant: GRANT_SECONDS,
      IdToken: ACCESS_TOKEN_SECONDS,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: dpop },
      clientCredentials: { enabled: true },
      revocation: {
        enabled: true,
        // RFC 7009 section 2.1: another client's token is left alone, and the answer does not tell.
        allowedPolicy: (_: LibraryContext, client: LibraryClient, token: { clientId: string }) =>
          token.clientId === client.clientId,
      },
      registration: {
        enabled: interactive,
        initialAccessToken: false,
        issueRegistrationAccessToken: false,
        idFactory: () => DYNAMIC_CLIENT_PREFIX + randomBytes(16).toString("hex"),
        secretFactory: () => randomBytes(32).toString("base64url"),
      },
      clientIdMetadataDocument: {
        enabled: interactive,
        ack: "draft-02",
        allowFetch: async (_: LibraryContext, clientId: string) => {
          // Section 3 of the draft asks for a path, and the library does without.
          if (!/^https:\/\/[^/?#]+\//i.test(clientId)) return false;
          try {
            await fetches.consume("all");
            return true;
          } catch {
            return false;
          }
        },
        allowClient: () => true,
      },
      resourceIndicators: { enabled: true, ...createScopeRules(options, ACCESS_TOKEN_SECONDS) },
    },
    fetch: (url: string) =>
      url.startsWith("https:") ? fetchDocument(url) : Promise.reject(new Error("not https")),
    extraClientMetadata: {
      properties: ["registered_scopes"],
      validator: (_: unknown, __: string, ___: unknown, metadata: ClientMetadata) => {
        if (!isOperatorClient(metadata)) acceptMetadata(metadata);
      },
    },
    interactions: {
      policy: interactionPolicy(),
      url: (_: LibraryContext, { uid }: { uid: string }) => `/interaction/${uid}`,
    },
    findAccount: (_: LibraryContext, accountId: string) =>
      (users ? users.find(accountId) !== undefined : accountId === LOCAL_OPERATOR)
        ? { accountId, claims: () => ({ sub: accountId }) }
        : undefined,
    // Consent is asked each time, since any program can pretend to be a public client (RFC 8252 section 8.6).
    loadExistingGrant: ({ oidc }: LibraryContext) => {
      const grantId = oidc.result?.consent?.grantId;
      return grantId === undefined ? undefined : provider.Grant.find(grantId);
    },
    issueRefreshToken: (_: LibraryContext, client: LibraryClient) =>
      client.grantTypeAllowed("refresh_token"),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
    expiresWithSession: () => false,
    clientBasedCORS: () => true,
    assertJwtClientAuthClaimsAndHeader: checkAssertion,
    renderError: (ctx: LibraryContext, out: { error: string }, error: LibraryError) => {
      if (ctx.oidc.route !== "authorization" && ctx.oidc.route !== "resume") {
        ctx.body = out;
        return;
      }
      for (const [name, value] of Object.entries(PAGE_HEADERS)) ctx.set(name, value);
      ctx.type = "html";
      ctx.body = errorPage(error.name === "SessionNotFound" ? "session_not_found" : out.error);
    },
  });

  provider.proxy = true;
  provider.Client.prototype.compareClientSecret = function (this: LibraryClient, actual: string) {
    return secretMatches(this.clientSecret ?? "", actual);
  };
  reportEvents(provider, adapters.clientUsed, log);
  return provider;
}

/** Operator clients come from their own list; nothing that a client says of itself sets this member's value. */
function isOperatorClient(metadata: ClientMetadata): boolean {
  const id = String(metadata["client_id"]);
  return Array.isArray(metadata["registered_scopes"]) &&
    !id.startsWith(DYNAMIC_CLIENT_PREFIX) && !id.startsWith("https://");
}

/** A client assertion is for one use and soon over (RFC 7523 section 3), and brings no keys of its own (RFC 8725 section 3.10). */
function checkAssertion(
  _: LibraryContext,
  claims: { exp?: unknown; iat?: unknown },
  header: Record<string, unknown>,
): void {
  const now = Date.now() / 1000;
  if (typeof claims.exp !== "number" || claims.exp - now > MAX_ASSERTION_SECONDS) {
    throw new errors.InvalidClientAuth("the assertion lives too long");
  }
  if (typeof claims.iat === "number" && claims.iat > now + CLOCK_TOLERANCE_SECONDS) {
    throw new errors.InvalidClientAuth("the assertion is from the future");
  }
  if (["jku", "jwk", "x5u", "x5c"].some((member) => header[member] !== undefined)) {
    throw new errors.InvalidClientAuth("the assertion brings a key");
  }
}

function reportEvents(
  provider: Provider,
  clientUsed: (clientId: string) => Promise<void>,
  log: ProviderOptions["log"],
): void {
  provider.on("grant.success", ({ oidc }: LibraryContext) => {
    clientUsed(oidc.client?.clientId ?? "").catch((error) =>
      log("A client's use could not be recorded", { error: String(error) })
    );
  });
  for (const [event, message] of Object.entries(REFUSALS_TO_CLIENTS)) {
    provider.on(event, (ctx: LibraryContext, error: LibraryError) => {
      nameRefusal(ctx, error);
      log(message, {
        error: error.error,
        detail: error.error_detail ?? error.error_description,
        clientId: ctx.oidc.client?.clientId,
      });
    });
  }
  provider.on("authorization.error", (ctx: LibraryContext, error: LibraryError) => {
    log("An authorization request was refused", {
      error: error.error,
      detail: error.error_detail ?? error.error_description,
      clientId: ctx.oidc.client?.clientId,
    });
  });
  provider.on("registration_create.success", (_: LibraryContext, client: LibraryClient) => {
    log("A client registered", { clientId: client.clientId, name: client.clientName });
  });
  provider.on("grant.revoked", ({ oidc }: LibraryContext) => {
    log("A grant was revoked", { clientId: oidc.client?.clientId });
  });
  provider.on("server_error", (ctx: LibraryContext, error: unknown) => {
    log("The authorization server failed", describeFailure(error));
    answerOutage(ctx, error);
  });
  // Koa writes to the console what nobody listens to.
  provider.on("error", (error: unknown) => {
    log("The authorization server failed", { error: String(error) });
  });
}

/** The refusals of the endpoints at which clients authenticate. */
const REFUSALS_TO_CLIENTS = {
  "grant.error": "A token request was refused",
  "revocation.error": "A revocation was refused",
};

/** The library's words for credentials that it finds none of, or cannot read. */
const UNREADABLE_CREDENTIALS = new Set([
  "no client authentication mechanism provided",
  "invalid authorization header value format",
  "client_id and client_secret in the authorization header are not properly encoded",
  "client_secret must be provided in the Authorization header",
  "invalid client_assertion format",
]);

/** Gives refusals their names of RFC 6749 section 5.2 (and RFC 7521 section 4.2.1) where the library says invalid_request. */
function nameRefusal(ctx: LibraryContext, error: LibraryError): void {
  const description = error.error_description ?? "";
  if (description === "requested grant type is not allowed for this client") {
    ctx.body = { error: "unauthorized_client", error_description: description };
  }
  if (UNREADABLE_CREDENTIALS.has(description)) {
    ctx.status = 401;
    ctx.body = { error: "invalid_client", error_description: "client authentication failed" };
  }
  if (ctx.status === 401 && !ctx.response.get("www-authenticate")) {
    ctx.set("www-authenticate", 'Basic realm="gatehouse"');
  }
}
