/** Gets the server's own access tokens for an upstream: client credentials (RFC 6749) or token exchange (RFC 8693). */

import * as oauth from "oauth4webapi";
import { discoverEndpoint } from "../auth/discovery.ts";
import { isLoopbackHost, isSecureUrl } from "../auth/fetch_json.ts";
import { upstreamFailure } from "./failures.ts";
import { isTransportFault } from "./transport.ts";
import type { Bounds, Received, Transport } from "./transport.ts";

/** Who we are to the authorization server of an upstream, and what for. */
export interface TokenClientOptions {
  /** Finds the token endpoint through its metadata, and is the audience of assertions. */
  readonly issuer?: string | undefined;
  readonly tokenUrl?: string | undefined;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  /** Signs assertions instead of a secret (RFC 7523). */
  readonly privateKey?: { readonly key: CryptoKey; readonly kid?: string } | undefined;
  readonly scope?: string | undefined;
  /** RFC 8707. */
  readonly resource?: string | undefined;
  readonly audience?: string | undefined;
}

export interface UpstreamToken {
  readonly value: string;
  /** Seconds; undefined where the authorization server does not say. */
  readonly expiresIn: number | undefined;
}

export interface TokenClient {
  /** Throws an `AppError` that holds nothing of the answer. */
  ownToken(): Promise<UpstreamToken>;
  /** Exchanges a caller's token for one that is ours to use, with us as its actor. Throws as `ownToken` does. */
  exchange(subjectToken: string, signal: AbortSignal): Promise<UpstreamToken>;
}

export interface TokenClientParts {
  /** Of the upstream. */
  readonly name: string;
  readonly transport: Transport;
  readonly bounds: Pick<Bounds, "allowPrivate" | "timeoutMs">;
  /** Told what went wrong, without a token and without a stranger's prose. */
  readonly warn: (properties: Record<string, unknown>) => void;
}

const EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";
const JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt";
const MAX_BYTES = 64 * 1024;
const MAX_TOKEN_LENGTH = 16 * 1024;
/** RFC 8693 section 2.2.2 has the second for a subject token that is not good; the others are about us. */
const ABOUT_THE_CALLER: ReadonlySet<string> = new Set([
  "invalid_grant",
  "invalid_request",
  "access_denied",
]);

/** Builds the client of one upstream. */
export function createTokenClient(
  options: TokenClientOptions,
  { name, transport, bounds, warn }: TokenClientParts,
): TokenClient {
  const configured = new URL(options.issuer ?? options.tokenUrl!).host;
  const client: oauth.Client = { client_id: options.clientId };
  let located: string | undefined = options.tokenUrl;

  function send(
    url: string,
    init: { method: string; headers: Record<string, string>; body?: Uint8Array },
    signal?: AbortSignal,
  ): Promise<Received> {
    if (!isSecureUrl(url)) throw new Error("the token endpoint is neither https nor loopback");
    const target = new URL(url);
    return transport({ url: target, ...init }, {
      ...bounds,
      // What metadata names has no say in it.
      allowPrivate: bounds.allowPrivate && target.host === configured,
      maxBytes: MAX_BYTES,
      signal,
    });
  }

  async function readDocument({ url }: { url: string }): Promise<Record<string, unknown>> {
    const received = await send(url, { method: "GET", headers: { accept: "application/json" } });
    if (received.status !== 200) throw new Error(`the metadata answered ${received.status}`);
    const value: unknown = JSON.parse(new TextDecoder().decode(received.body));
    if (value === null || typeof value !== "object") throw new Error("the metadata is no object");
    return value as Record<string, unknown>;
  }

  async function server(): Promise<oauth.AuthorizationServer> {
    located ??= await discoverEndpoint(options.issuer!, "token_endpoint", readDocument);
    return { issuer: options.issuer ?? located, token_endpoint: located };
  }

  async function grant(
    grantType: string,
    parameters: URLSearchParams,
    signal?: AbortSignal,
  ): Promise<oauth.TokenEndpointResponse> {
    for (const member of ["scope", "resource", "audience"] as const) {
      const value = options[member];
      if (value !== undefined) parameters.set(member, value);
    }
    const as = await server();
    const authenticate = options.privateKey
      ? oauth.PrivateKeyJwt(options.privateKey)
      : oauth.ClientSecretBasic(options.clientSecret!);
    const response = await oauth.genericTokenEndpointRequest(
      as,
      client,
      authenticate,
      grantType,
      parameters,
      {
        [oauth.customFetch]: async (url: string, { method, headers, body }: Sent) => {
          const bytes = new TextEncoder().encode(String(body ?? ""));
          return responseOf(await send(url, { method, headers, body: bytes }, signal));
        },
        ...(isLoopbackHost(new URL(as.token_endpoint!).hostname) &&
          { [oauth.allowInsecureRequests]: true }),
      },
    );
    return await oauth.processGenericTokenEndpointResponse(as, client, response);
  }

  function tokenOf(answer: oauth.TokenEndpointResponse): UpstreamToken {
    const { access_token: value, token_type, expires_in: expiresIn } = answer;
    if (token_type !== "bearer") throw new Error("the token is no bearer token");
    if (value.length > MAX_TOKEN_LENGTH || !/^[\x21-\x7e]+$/.test(value)) {
      throw new Error("the token does not fit into a header");
    }
    return { value, expiresIn };
  }

  function explain(error: unknown, signal?: AbortSignal): never {
    if (signal?.aborted) throw upstreamFailure(name, "upstream_aborted");
    const code = error instanceof oauth.ResponseBodyError ? error.error : undefined;
    const forCaller = signal !== undefined && code !== undefined && ABOUT_THE_CALLER.has(code);
    warn({
      step: "token",
      ...(code !== undefined && { error: /^[a-z_]{1,40}$/.test(code) ? code : "unknown" }),
      ...(code === undefined && { error: describe(error) }),
    });
    throw upstreamFailure(name, forCaller ? "upstream_exchange" : "upstream_token");
  }

  return {
    async ownToken() {
      try {
        return tokenOf(await grant("client_credentials", new URLSearchParams()));
      } catch (error) {
        return explain(error);
      }
    },
    async exchange(subjectToken, signal) {
      try {
        const answer = await grant(
          EXCHANGE_GRANT,
          new URLSearchParams({
            subject_token: subjectToken,
            subject_token_type: ACCESS_TOKEN_TYPE,
            requested_token_type: ACCESS_TOKEN_TYPE,
          }),
          signal,
        );
        // RFC 8693 section 2.2.1: another type is no access token, whatever stands in its member.
        const type = answer["issued_token_type"];
        if (type !== ACCESS_TOKEN_TYPE && type !== JWT_TYPE) {
          throw new Error("the issued token is no access token");
        }
        const token = tokenOf(answer);
        // R44: an authorization server that gives the caller's token back would make us pass it on.
        if (token.value === subjectToken) throw new Error("the issued token is the caller's own");
        return token;
      } catch (error) {
        return explain(error, signal);
      }
    },
  };
}

/** What the library passes to a fetch of ours. */
interface Sent {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: URLSearchParams | null | undefined;
}

function responseOf({ status, headers, body }: Received): Response {
  const isEmpty = [204, 205, 304].includes(status);
  return new Response(isEmpty ? null : body, { status, headers: headers.map(([n, v]) => [n, v]) });
}

/** For the log: what went wrong by our own words, or by those of the runtime and the library, which do not repeat bodies. */
function describe(error: unknown): string {
  if (isTransportFault(error)) {
    return error.cause instanceof Error ? `${error.fault}: ${error.cause.message}` : error.fault;
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) return "invalid_client";
  return error instanceof Error ? error.message : "unknown";
}
