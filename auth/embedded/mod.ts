/** The embedded authorization server (RFC 6749, 7591, 8414, 8707, 9068, 9207) on a port of its own; loaded only where no issuer is configured. */

import type { JWK } from "jose";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { AppError } from "../../errors.ts";
import type { AuthorizationStateStore, ClientStore } from "../../store/authorization.ts";
import { isLoopbackHost } from "../fetch_json.ts";
import type { RevocationList } from "../revocation.ts";
import type { ScopePolicy } from "../scopes.ts";
import { CLIENT_MODEL } from "./adapter.ts";
import type { AuthorizationAudit } from "./events.ts";
import { createInteractionHandler } from "./interaction.ts";
import { createIssuedTokens } from "./issued_tokens.ts";
import type { EmbeddedKeys } from "./keys.ts";
import { authorizationServerMetadata } from "./metadata.ts";
import { createProvider } from "./provider.ts";
import { createPublicFetch } from "./public_fetch.ts";
import type { DocumentFetch } from "./public_fetch.ts";
import { MAX_DYNAMIC_CLIENTS } from "./registration.ts";
import { startServer } from "./server.ts";
import { createUsers } from "./users.ts";
import type { User } from "./users.ts";

export interface EmbeddedOptions {
  /** The origin that clients know: `http://localhost:8001`, or behind a proxy an https one. */
  readonly issuer: string;
  /** The listener. */
  readonly host: string;
  readonly port: number;
  /** Accepted resource indicators, which become audiences, byte for byte; the first is the default. */
  readonly resources: readonly string[];
  readonly policy: ScopePolicy;
  readonly clients: ClientStore;
  readonly state: AuthorizationStateStore;
  readonly keys: EmbeddedKeys;
  /** Ends what cannot be called back, and says who gets nothing any more. */
  readonly revocations: Pick<RevocationList, "check" | "add">;
  /**
   * Who may sign in. Without users the local operator decides, if issuer and listener are loopback; otherwise nobody
   * does, and only the client credentials grant is there.
   */
  readonly users?: readonly User[];
  /** Whether a token request with a proof gets a token that is bound to its key (RFC 9449); default no. */
  readonly dpop?: boolean;
  readonly log: (message: string, properties?: Record<string, unknown>) => void;
  readonly audit: AuthorizationAudit;
  /** Fetches client metadata documents; the default goes to public https addresses only. */
  readonly fetchDocument?: DocumentFetch;
}

export interface AuthorizationServer {
  readonly issuer: string;
  readonly port: number;
  /** The public keys. */
  readonly jwks: { readonly keys: JWK[] };
  /** Its RFC 8414 document, for a mirror. */
  metadata(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

const REGISTRATIONS_PER_MINUTE = 30;
const FULL_RETRY_SECONDS = 3600;

/**
 * Starts the authorization server.
 *
 * @throws {AppError} `invalid_request` for an issuer that is no origin, for a public address without an https issuer, and
 * for malformed users; `unavailable` where the port cannot be had.
 */
export async function startAuthorizationServer(
  options: EmbeddedOptions,
): Promise<AuthorizationServer> {
  const { issuer, host, policy, resources, dpop = false, log } = options;
  checkAddress(options);
  const isLocal = isLoopbackHost(new URL(issuer).hostname) && isLoopbackHost(host);
  const users = options.users && options.users.length > 0 ? createUsers(options.users) : undefined;
  const interactive = users !== undefined || isLocal;

  const metadata = authorizationServerMetadata({ issuer, policy, resources, interactive, dpop });
  const tokens = createIssuedTokens({ ...options, signingKeys: options.keys.signingKeys });
  const provider = createProvider({
    ...options,
    tokens,
    users,
    interactive,
    dpop,
    fetchDocument: options.fetchDocument ?? createPublicFetch(),
  });
  const registrations = new RateLimiterMemory({ points: REGISTRATIONS_PER_MINUTE, duration: 60 });
  const server = await startServer({
    issuer,
    host,
    port: options.port,
    strictHost: isLoopbackHost(new URL(issuer).hostname),
    metadata,
    provider,
    interact: createInteractionHandler({ provider, origin: issuer, policy, users, tokens }),
    async admitRegistration() {
      try {
        await registrations.consume("all");
      } catch {
        return 60;
      }
      const full = await options.state.count(CLIENT_MODEL) >= MAX_DYNAMIC_CLIENTS;
      return full ? FULL_RETRY_SECONDS : undefined;
    },
    log,
  }).catch((error) => {
    throw new AppError(
      "unavailable",
      `The authorization server cannot listen on ${host}:${options.port}`,
      { cause: error },
    );
  });

  return {
    issuer,
    port: server.port,
    jwks: { keys: options.keys.signingKeys.map(publicKey) },
    metadata: () => Promise.resolve(structuredClone(metadata)),
    stop: () => server.stop(),
  };
}

/** Development stays on the machine: everything that leaves it needs an https issuer. */
function checkAddress({ issuer, host, resources }: EmbeddedOptions): void {
  const url = URL.parse(issuer);
  if (!url || url.origin !== issuer) {
    throw new AppError(
      "invalid_request",
      `The issuer ${JSON.stringify(issuer)} is not an origin such as https://auth.example.com`,
    );
  }
  if (resources.length === 0) throw new AppError("invalid_request", "Give at least one resource");
  if (url.protocol === "https:") return;
  if (url.protocol === "http:" && isLoopbackHost(url.hostname) && isLoopbackHost(host)) return;
  throw new AppError(
    "invalid_request",
    `The embedded authorization server does not start on ${host} as ${issuer}: set GATEHOUSE_ISSUER to an external ` +
      "authorization server, or authorizationServer.url to the public https origin and authorizationServer.users " +
      "to the people who may sign in",
    { reason: "not_loopback" },
  );
}

function publicKey({ kty, crv, x, y, kid, alg, use }: JWK): JWK {
  return { kty, crv, x, y, kid, alg, use } as JWK;
}
