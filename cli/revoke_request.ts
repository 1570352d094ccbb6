/** Reads from the flags of `revoke` what is to end. */

import { isCompactJws, readUnverified } from "../auth/access_token.ts";
import type { RevocationRequest } from "../auth/access_control.ts";
import { ISSUER_PROFILES } from "../auth/profiles.ts";
import type { Claims } from "../auth/profiles.ts";
import type { Store } from "../store/mod.ts";
import { readToken, usageError } from "./command.ts";
import type { ConfigFlags, Io } from "./command.ts";
import type { Config } from "./config_schema.ts";
import { issuerTerms } from "./issuers.ts";

export type RevokeFlags = ConfigFlags & {
  readonly jti?: string;
  readonly token?: string;
  readonly client?: string;
  readonly subject?: string;
  readonly epoch?: string;
  readonly issuer?: string;
  readonly issuedUntil?: string;
  readonly reason: string;
  readonly json?: boolean;
};

export interface RequestParts {
  readonly io: Io;
  readonly store: Store;
  readonly config: Config;
  readonly now: Date;
}

/** Says what is to end. Throws `invalid_request` for flags that do not agree. */
export async function requestFrom(
  flags: RevokeFlags,
  parts: RequestParts,
): Promise<Omit<RevocationRequest, "actor">> {
  const { jti, token, client, subject, epoch, reason, issuedUntil } = flags;
  const named = [jti, token, client, subject, epoch].filter((value) => value !== undefined);
  if (named.length !== 1) {
    throw usageError("Give one of --jti, --token, --client, --subject and --epoch");
  }
  if (issuedUntil !== undefined && client === undefined && subject === undefined) {
    throw usageError("--issued-until goes with --client or --subject; use --epoch for an issuer");
  }
  if (token !== undefined) return { ...await tokenFrom(flags, parts), reason };
  const issuer = issuerFrom(flags.issuer, parts.config);
  if (jti !== undefined) return { target: { kind: "token", issuer, tokenId: jti }, reason };
  if (epoch !== undefined) {
    const target = { kind: "issuer", issuer } as const;
    return { target, reason, issuedUntil: secondsFrom(epoch, "--epoch", parts.now) };
  }
  const until = issuedUntil !== undefined && {
    issuedUntil: secondsFrom(issuedUntil, "--issued-until", parts.now),
  };
  if (subject !== undefined) {
    return { target: { kind: "subject", issuer, subject }, reason, ...until };
  }
  const clientId = await clientNamed(client!, parts);
  return { target: { kind: "client", issuer, clientId }, reason, ...until };
}

function issuerFrom(named: string | undefined, config: Config): string {
  const issuers = issuerTerms(config).map(({ issuer }) => issuer);
  if (named !== undefined) {
    if (issuers.includes(named)) return named;
    throw usageError(
      `This server takes no tokens of ${named}; give one of its issuers, character by character: ${
        issuers.join(", ")
      }`,
    );
  }
  const [only, ...others] = issuers;
  if (only !== undefined && others.length === 0) return only;
  throw usageError(`Give the --issuer: ${issuers.join(", ")}`);
}

/** What the token says of itself is enough: at the worst a token that nobody has is revoked. */
async function tokenFrom(flags: RevokeFlags, { io, config }: RequestParts) {
  if (flags.token !== "-") {
    throw usageError(
      "Give the token on stdin, as --token -: others can see the arguments of a process",
    );
  }
  const claims = claimsOf(await readToken("-", io));
  const issuer = issuerFrom(flags.issuer ?? String(claims["iss"]), config);
  if (claims["iss"] !== issuer) throw usageError("The token is of another issuer than --issuer");
  const profile = config.issuers.find((item) => item.issuer === issuer)?.profile ?? "rfc9068";
  const tokenId = claims[ISSUER_PROFILES[profile].tokenId.claim];
  if (typeof tokenId !== "string") {
    throw usageError("The token has no id; revoke its client or its subject instead");
  }
  const { exp } = claims;
  return {
    target: { kind: "token", issuer, tokenId } as const,
    ...(typeof exp === "number" && { tokenExpiresAt: exp }),
  };
}

function claimsOf(token: string): Claims {
  try {
    if (isCompactJws(token)) return readUnverified(token).claims;
  } catch {
    // Falls through to the one refusal below.
  }
  throw usageError("That is no JWT; revoke it by its id, its client or its subject");
}

/** Operators know the clients of the embedded authorization server by their names. */
async function clientNamed(value: string, { io, store, config }: RequestParts): Promise<string> {
  if (config.issuers.length > 0 || value.startsWith("https://")) return value;
  const clients = await store.clients.list();
  if (clients.some(({ clientId }) => clientId === value)) return value;
  const byName = clients.find(({ name }) => name === value);
  if (byName) return byName.clientId;
  if (await store.authorizationState.find("Client", value) === undefined) {
    io.err("No client of this id is registered here; it is revoked all the same");
  }
  return value;
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

function secondsFrom(text: string, flag: string, now: Date): number {
  const time = text === "now" ? now.getTime() : RFC_3339.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) {
    throw usageError(`${flag} takes "now" or a time such as 2026-09-01T12:00:00Z`);
  }
  return Math.floor(time / 1000);
}
