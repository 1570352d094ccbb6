/** Asks for access tokens: from the resource's metadata to its issuer, and the client credentials grant there. */

import * as oauth from "oauth4webapi";
import { AppError } from "../errors.ts";
import { isLoopbackHost, isSecureUrl } from "../auth/fetch_json.ts";
import { NO_ANSWER } from "./command.ts";
import { addressOf, show } from "./printable.ts";

/** A client that can prove who it is. */
export interface MachineClient {
  readonly clientId: string;
  /** Chosen when the issuer is known: what it takes, and whose name an assertion has to carry. */
  authenticate(server: oauth.AuthorizationServer): oauth.ClientAuth;
  /** The only issuer that the credential is for, where that is known beforehand. */
  readonly issuer?: string;
  /** What to do where the resource names another issuer than that. */
  readonly remedy: string;
  /** Whether what is sent is of no use elsewhere, as an assertion that names its issuer is; a secret is not. */
  readonly isBoundToIssuer?: boolean;
}

/** A protected resource and who gives tokens for it. */
export interface Discovery {
  /** The resource's name of itself, which is the URL that was asked. */
  readonly resource: string;
  readonly scopesSupported: readonly string[];
  /** Whether it takes only tokens that are bound to a key (RFC 9449). */
  readonly wantsBoundTokens: boolean;
  readonly server: oauth.AuthorizationServer;
}

export interface TokenSet {
  readonly accessToken: string;
  readonly expiresInSeconds: number | undefined;
  readonly scope: string | undefined;
  /** The resource that the token is for. */
  readonly resource: string;
}

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 10_000;

/**
 * Finds the issuer of a resource (RFC 9728, then RFC 8414 or OpenID Connect Discovery) that may be given the client's
 * credential.
 *
 * `metadataUrl` is what a challenge named; without it the well-known places are asked.
 *
 * @throws {AppError} `unavailable` where a server does not answer, or its metadata is about something else;
 * `unauthorized` where the issuer that it names is not the client's, and then nothing was sent there.
 */
export async function discover(
  resource: URL,
  machine: MachineClient,
  metadataUrl?: string,
): Promise<Discovery> {
  try {
    const metadata = await oauth.processResourceDiscoveryResponse(
      resource,
      await resourceMetadata(resource, metadataUrl),
    );
    const names = metadata.authorization_servers ?? [];
    const name = names.find((issuer) => issuer === machine.issuer) ?? names[0];
    if (name === undefined || !mayName(resource, name)) {
      throw unusable(`The metadata of ${addressOf(resource)} names no https issuer`);
    }
    requireTrusted(name, resource, machine);
    return {
      resource: metadata.resource,
      scopesSupported: metadata.scopes_supported ?? [],
      wantsBoundTokens: metadata.dpop_bound_access_tokens_required === true,
      server: await issuerMetadata(new URL(name)),
    };
  } catch (cause) {
    throw explain(cause, addressOf(resource));
  }
}

/**
 * Asks the issuer for a token (RFC 6749 section 4.4) that is for this resource (RFC 8707).
 *
 * @throws {AppError} `unauthorized` where the issuer refuses the client or the scopes, `unavailable` where it does not
 * answer, `not_supported` where such a token would be of no use.
 */
export async function grantToken(
  { resource, server, wantsBoundTokens }: Discovery,
  machine: MachineClient,
  scopes: readonly string[],
): Promise<TokenSet> {
  if (wantsBoundTokens) {
    throw new AppError(
      "not_supported",
      `${resource} takes only tokens that are bound to a key (DPoP), which this program does not ask for`,
    );
  }
  const parameters = new URLSearchParams({ resource });
  if (scopes.length > 0) parameters.set("scope", scopes.join(" "));
  const client: oauth.Client = { client_id: machine.clientId };
  try {
    const answer = await oauth.processClientCredentialsResponse(
      server,
      client,
      await oauth.clientCredentialsGrantRequest(
        server,
        client,
        machine.authenticate(server),
        parameters,
        requestOptions(new URL(server.issuer)),
      ),
    );
    return {
      accessToken: answer.access_token,
      expiresInSeconds: answer.expires_in,
      scope: answer.scope,
      resource,
    };
  } catch (cause) {
    throw explain(cause, resource);
  }
}

/** A server elsewhere must not send a credential to a port of this machine. */
function mayName(resource: URL, issuer: string): boolean {
  return isSecureUrl(issuer) &&
    (isLoopbackHost(resource.hostname) || new URL(issuer).protocol === "https:");
}

/** What a server says of itself must not decide who gets a secret, but for its own origin and for this machine. */
function requireTrusted(issuer: string, resource: URL, machine: MachineClient): void {
  if (machine.issuer === issuer) return;
  const { origin, hostname } = new URL(issuer);
  const isNear = origin === resource.origin ||
    isLoopbackHost(hostname) && isLoopbackHost(resource.hostname);
  if (machine.issuer === undefined && (isNear || machine.isBoundToIssuer)) return;
  const meant = machine.issuer === undefined ? "" : `, and the credential is for ${machine.issuer}`;
  throw new AppError(
    "unauthorized",
    `${addressOf(resource)} names the issuer ${
      show(issuer)
    }${meant}; nothing was sent there. ${machine.remedy}`,
    { reason: "issuer_untrusted" },
  );
}

/** What a challenge names counts on the resource's own origin: a server has no say in what else is fetched. */
async function resourceMetadata(resource: URL, named: string | undefined): Promise<Response> {
  if (named !== undefined && URL.canParse(named) && new URL(named).origin === resource.origin) {
    return await boundedFetch(named, { headers: { accept: "application/json" } });
  }
  const response = await oauth.resourceDiscoveryRequest(resource, requestOptions(resource));
  if (response.status !== 404 || resource.pathname === "/") return response;
  return await boundedFetch(new URL("/.well-known/oauth-protected-resource", resource).href, {
    headers: { accept: "application/json" },
  });
}

async function issuerMetadata(issuer: URL): Promise<oauth.AuthorizationServer> {
  const ask = (algorithm: "oauth2" | "oidc") =>
    oauth.discoveryRequest(issuer, { algorithm, ...requestOptions(issuer) });
  const first = await ask("oauth2");
  return await oauth.processDiscoveryResponse(
    issuer,
    first.status === 404 ? await ask("oidc") : first,
  );
}

/** What the library passes to a fetch of ours. */
interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: URLSearchParams | null | undefined;
}

function requestOptions(url: URL) {
  return {
    [oauth.customFetch]: (to: string, { method, headers, body }: Sent) =>
      boundedFetch(to, { method, headers, body: body ?? null }),
    ...(isLoopbackHost(url.hostname) ? { [oauth.allowInsecureRequests]: true } : {}),
  };
}

/** Fetches without following redirects, for a bounded time and size, from https or this machine alone. */
async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  if (!isSecureUrl(url)) throw unusable(`${url.slice(0, 200)} is neither https nor loopback`);
  const response = await fetch(url, {
    ...init,
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > MAX_BYTES) throw unusable(`${url} answered with more than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return new Response(size === 0 ? null : new Blob(parts), {
    status: response.status,
    headers: response.headers,
  });
}

function explain(cause: unknown, resource: string): AppError {
  if (cause instanceof AppError) return cause;
  if (cause instanceof oauth.ResponseBodyError) {
    const why = cause.error_description ? `, ${cause.error_description}` : "";
    return new AppError("unauthorized", `The issuer refused: ${cause.error}${why}`, {
      reason: cause.error,
      cause,
    });
  }
  if (cause instanceof oauth.WWWAuthenticateChallengeError) {
    return new AppError("unauthorized", "The issuer refused the client's credentials", {
      reason: "invalid_client",
      cause,
    });
  }
  if (cause instanceof oauth.OperationProcessingError && cause.code !== undefined) {
    const fault = cause.cause as { attribute?: unknown; body?: { resource?: unknown } } | undefined;
    const named = fault?.body?.resource;
    if (fault?.attribute === "resource" && typeof named === "string") {
      return unusable(
        `The metadata of ${resource} is about ${
          JSON.stringify(named.slice(0, 200))
        }; give that URL, if you trust it`,
      );
    }
    return unusable(
      `The authorization metadata of ${resource} or of its issuer is not usable`,
      cause,
    );
  }
  return new AppError("unavailable", `No answer from ${resource}; is the server running?`, {
    reason: NO_ANSWER,
    cause,
  });
}

function unusable(message: string, cause?: unknown): AppError {
  return new AppError("unavailable", message, { reason: NO_ANSWER, cause });
}
