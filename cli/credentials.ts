/** Who the command line is: a client from flags or environment, or this machine's own. */

import * as oauth from "oauth4webapi";
import { isSecureUrl } from "../auth/fetch_json.ts";
import { readClientKey } from "./client_key.ts";
import type { ClientKey } from "./client_key.ts";
import { configFrom, scopeList, usageError } from "./command.ts";
import type { ConfigFlags, Io } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { embeddedKeys } from "./embedded.ts";
import { discover, grantToken } from "./token_client.ts";
import type { MachineClient, TokenSet } from "./token_client.ts";

const TRUST_IT =
  "If the client is registered there, say so with --issuer URL, or GATEHOUSE_CLIENT_ISSUER";

/** The flags that say which client a command is. */
export interface CredentialFlags {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly privateKey?: string;
  readonly issuer?: string;
}

/** The flags of commands that talk to a running server. */
export interface ClientFlags extends ConfigFlags, CredentialFlags {
  readonly scopes?: string;
}

/**
 * Gets a token for the server of the configuration.
 *
 * @throws {AppError} `unavailable` where the server or its issuer does not answer, `unauthorized` where the credentials
 * are refused.
 */
export async function requestToken(io: Io, flags: ClientFlags): Promise<TokenSet> {
  const config = await configFrom(io, flags);
  const given = await givenClient(io, flags);
  const client = given ? { ...issuerFrom(config), ...given } : await ownClient(config);
  if (client === undefined) {
    throw usageError("Give --client-id and --client-secret of a client of the issuer");
  }
  const discovery = await discover(new URL("/mcp", config.url), client);
  return await grantToken(discovery, client, scopeList(flags.scopes ?? ""));
}

/** The issuer that the configuration names, where it is not on this machine; a secret given beside it is for that one. */
function issuerFrom({ issuers, authorizationServer }: Config): Pick<MachineClient, "issuer"> {
  const [issuer, ...others] = issuers.length > 0
    ? issuers.map((item) => item.issuer)
    : [authorizationServer.url];
  const isClear = issuer !== undefined && others.length === 0 && issuer.startsWith("https:");
  return isClear ? { issuer } : {};
}

/**
 * The client of the flags, or else of the environment; undefined where neither names one.
 *
 * @throws {AppError} `invalid_request` for half of a credential, two of them, a key that is none, and an issuer that no
 * credential may go to.
 */
export async function givenClient(
  io: Io,
  flags: CredentialFlags,
): Promise<MachineClient | undefined> {
  const clientId = flags.clientId ?? io.env["GATEHOUSE_CLIENT_ID"];
  // A flag for the one kind of credential sets aside the other kind in the environment.
  const flagged = flags.clientSecret ?? flags.privateKey;
  const from = (flag: string | undefined, name: string) =>
    flag ?? (flagged === undefined ? io.env[name] : undefined);
  const secret = from(flags.clientSecret, "GATEHOUSE_CLIENT_SECRET");
  const keyFile = from(flags.privateKey, "GATEHOUSE_PRIVATE_KEY");
  if (secret !== undefined && keyFile !== undefined) {
    throw usageError("Give one of --client-secret and --private-key, not both");
  }
  if (clientId === undefined && secret === undefined && keyFile === undefined) return undefined;
  if (clientId === undefined || (secret === undefined && keyFile === undefined)) {
    throw usageError("Give both --client-id and --client-secret (or --private-key)");
  }
  const named = { clientId, ...issuerOf(flags, io), remedy: TRUST_IT };
  if (secret !== undefined) return { ...named, authenticate: (server) => bySecret(secret, server) };
  const key = await readClientKey(keyFile!);
  return { ...named, authenticate: (server) => byAssertion(key, server), isBoundToIssuer: true };
}

function issuerOf({ issuer }: CredentialFlags, { env }: Io): Pick<MachineClient, "issuer"> {
  const named = issuer ?? env["GATEHOUSE_CLIENT_ISSUER"];
  if (named === undefined) return {};
  if (isSecureUrl(named)) return { issuer: named };
  throw usageError(
    "The issuer of a client is an https URL, or http on loopback; give --issuer as its metadata has it",
  );
}

/**
 * The operator's own client of the server with this store; undefined where its keys are not in a file.
 *
 * Its secret is for the embedded authorization server alone, whatever issuer a resource names.
 */
export async function ownClient(config: Config): Promise<MachineClient | undefined> {
  if (config.issuers.length > 0 || config.store === "sqlite::memory:") return undefined;
  const { cliClient } = await embeddedKeys(config);
  return {
    clientId: cliClient.clientId,
    authenticate: () => oauth.ClientSecretBasic(cliClient.clientSecret),
    issuer: config.authorizationServer.url,
    remedy:
      "Give --client-id and --client-secret, or set GATEHOUSE_ISSUER_PORT as the server has it",
  };
}

function bySecret(secret: string, server: oauth.AuthorizationServer): oauth.ClientAuth {
  const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const inBody = methods.includes("client_secret_post") && !methods.includes("client_secret_basic");
  return inBody ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}

/** RFC 7523 section 3; the library adds `iss`, `sub`, `aud` (the issuer), `jti`, and an `exp` one minute ahead. */
function byAssertion(
  { key, kid, alg }: ClientKey,
  server: oauth.AuthorizationServer,
): oauth.ClientAuth {
  const known = server.token_endpoint_auth_signing_alg_values_supported ?? [];
  // RFC 9864 renames EdDSA; both names are the same signature, and an issuer may know one alone.
  const renamed = alg === "EdDSA" && known.includes("Ed25519") && !known.includes("EdDSA");
  return oauth.PrivateKeyJwt({ key, ...(kid ? { kid } : {}) }, {
    [oauth.modifyAssertion]: (header) => {
      header["alg"] = renamed ? "Ed25519" : alg;
    },
  });
}
