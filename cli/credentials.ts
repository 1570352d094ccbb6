/** Gets an access token for the command line: the client credentials grant against the server's issuer. */

import * as oauth from "oauth4webapi";
import { AppError } from "../errors.ts";
import { isLoopbackHost } from "../auth/fetch_json.ts";
import { configFrom, NO_ANSWER, scopeList, usageError } from "./command.ts";
import type { ConfigFlags, Io } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { embeddedKeys } from "./embedded.ts";

/** The flags of commands that talk to a running server. */
export interface ClientFlags extends ConfigFlags {
  readonly url?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly scopes?: string;
}

export interface TokenSet {
  readonly accessToken: string;
  readonly expiresInSeconds: number | undefined;
  readonly scope: string | undefined;
  /** The resource that the token is for. */
  readonly resource: string;
}

/**
 * Asks for a token with the flags, the environment or this machine's own client.
 *
 * @throws {AppError} as `grantToken()` does, and `invalid_request` where there are no credentials.
 */
export async function requestToken(io: Io, flags: ClientFlags): Promise<TokenSet> {
  const config = await configFrom(io, flags);
  const client = await credentials(io, flags, config);
  return grantToken(new URL("/mcp", config.url), client, flags.scopes);
}

/**
 * Finds the issuer through the resource's metadata (RFC 9728) and asks it for a token (RFC 6749 section 4.4).
 *
 * @throws {AppError} `unavailable` where the server or its issuer does not answer, `unauthorized` where the credentials
 * are refused.
 */
export async function grantToken(
  resource: URL,
  [clientId, clientSecret]: readonly [string, string],
  scopes?: string,
): Promise<TokenSet> {
  const http = isLoopbackHost(resource.hostname) ? { [oauth.allowInsecureRequests]: true } : {};
  try {
    const metadata = await oauth.processResourceDiscoveryResponse(
      resource,
      await oauth.resourceDiscoveryRequest(resource, http),
    );
    const issuer = new URL(metadata.authorization_servers?.[0] ?? "");
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...http }),
    );
    const parameters = new URLSearchParams({ resource: metadata.resource });
    if (scopes) parameters.set("scope", scopeList(scopes).join(" "));
    const client: oauth.Client = { client_id: clientId };
    const answer = await oauth.processClientCredentialsResponse(
      server,
      client,
      await oauth.clientCredentialsGrantRequest(
        server,
        client,
        oauth.ClientSecretBasic(clientSecret),
        parameters,
        http,
      ),
    );
    return {
      accessToken: answer.access_token,
      expiresInSeconds: answer.expires_in,
      scope: answer.scope,
      resource: metadata.resource,
    };
  } catch (cause) {
    throw explain(cause, resource.href);
  }
}

/** Flags, then the environment, then the operator's own client of this machine's server. */
async function credentials(
  io: Io,
  flags: ClientFlags,
  config: Config,
): Promise<readonly [string, string]> {
  const clientId = flags.clientId ?? io.env["GATEHOUSE_CLIENT_ID"];
  const clientSecret = flags.clientSecret ?? io.env["GATEHOUSE_CLIENT_SECRET"];
  if (clientId !== undefined && clientSecret !== undefined) return [clientId, clientSecret];
  if (clientId !== undefined || clientSecret !== undefined) {
    throw usageError("Give both --client-id and --client-secret");
  }
  if (config.issuers.length > 0 || config.store === "sqlite::memory:") {
    throw usageError("Give --client-id and --client-secret of a client of the issuer");
  }
  const { cliClient } = await embeddedKeys(config);
  return [cliClient.clientId, cliClient.clientSecret];
}

function explain(cause: unknown, resource: string): AppError {
  if (cause instanceof oauth.ResponseBodyError) {
    return new AppError(
      "unauthorized",
      `The issuer refused: ${cause.error}${
        cause.error_description ? `, ${cause.error_description}` : ""
      }`,
      { cause },
    );
  }
  if (cause instanceof oauth.WWWAuthenticateChallengeError) {
    return new AppError("unauthorized", "The issuer refused the client's credentials", { cause });
  }
  return new AppError("unavailable", `No answer from ${resource}; is the server running?`, {
    reason: NO_ANSWER,
    cause,
  });
}
