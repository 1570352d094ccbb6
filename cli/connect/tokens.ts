/** The access token of one bridge: asked for when the server wants one, renewed ahead of its end, widened on demand. */

import { AppError } from "../../errors.ts";
import type { Logger } from "../../telemetry/log.ts";
import { scopeList } from "../command.ts";
import { addressOf } from "../printable.ts";
import { discover, grantToken } from "../token_client.ts";
import type { Discovery, MachineClient } from "../token_client.ts";
import type { Challenge } from "./challenge.ts";

/** A token that is sent. */
export interface Grant {
  readonly accessToken: string;
  /** What the issuer said it granted, or else what was asked for. */
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch; infinite where the issuer did not say. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

export interface TokenSource {
  /** The token to send; undefined as long as the server has not asked for one. */
  current(): Promise<Grant | undefined>;
  /** Another token than the one that was refused with 401. */
  renew(refused: Grant | undefined, challenge: Challenge): Promise<Grant>;
  /** A token with these scopes beside those of the one that was refused with 403; it may still lack some. */
  widen(refused: Grant, scopes: readonly string[]): Promise<Grant>;
}

export interface TokenSourceOptions {
  readonly resource: URL;
  readonly client: MachineClient | undefined;
  /** What to ask for instead of what the server names. */
  readonly scopes: readonly string[];
  readonly now: () => number;
  readonly logger: Logger;
}

/** How long before its end a token is replaced, and the part of its life that this may be at most. */
const RENEW_AHEAD_MS = 60_000;
const RENEW_AHEAD_PART = 0.2;

export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { resource, client, now, logger } = options;
  let held: Grant | undefined;
  let discovery: Discovery | undefined;
  /** What the token in hand was asked with. */
  let asked = options.scopes;
  const flights = new Map<string, Promise<Grant>>();
  let last: Promise<unknown> = Promise.resolve();

  /** Who wants the same at the same time shares one request, and its failure; who wants another waits for it. */
  function once(key: string, ask: () => Promise<Grant>): Promise<Grant> {
    const running = flights.get(key);
    if (running) return running;
    const flight = last.then(ask).finally(() => flights.delete(key));
    flights.set(key, flight);
    last = flight.catch(() => {});
    return flight;
  }

  async function ask(scopes: readonly string[]): Promise<Grant> {
    if (client === undefined) {
      throw new AppError(
        "unauthorized",
        `${addressOf(resource)} asks for an access token; give --client-id and --client-secret ` +
          "(or GATEHOUSE_CLIENT_ID and GATEHOUSE_CLIENT_SECRET) of a client of its issuer",
        { reason: "no_credential" },
      );
    }
    discovery ??= await discover(resource, client);
    const token = await grantToken(discovery, client, scopes);
    const lifetime = (token.expiresInSeconds ?? Infinity) * 1000;
    const expiresAt = now() + lifetime;
    const grant = {
      accessToken: token.accessToken,
      scopes: token.scope === undefined ? scopes : scopeList(token.scope),
      expiresAt,
      renewAt: expiresAt - Math.min(RENEW_AHEAD_MS, lifetime * RENEW_AHEAD_PART),
    };
    logger.info("new access token", {
      scope: grant.scopes.join(" "),
      expires_in: token.expiresInSeconds,
    });
    return grant;
  }

  return {
    async current() {
      if (held === undefined || now() < held.renewAt) return held;
      const old = held;
      try {
        return await once("renew", async () => held !== old ? held! : held = await ask(asked));
      } catch (error) {
        // The old token is still good, and the next request tries again.
        if (now() < old.expiresAt) return old;
        throw error;
      }
    },
    renew(refused, challenge) {
      return once("renew", async () => {
        if (held !== undefined && held !== refused) return held;
        if (client) discovery = await discover(resource, client, challenge.resourceMetadata);
        if (asked.length === 0) asked = challenge.scopes;
        if (asked.length === 0) asked = discovery?.scopesSupported ?? [];
        return held = await ask(asked);
      });
    },
    widen(refused, scopes) {
      return once(`widen ${scopes.join(" ")}`, async () => {
        const had = held ?? refused;
        if (had !== refused && scopes.every((scope) => had.scopes.includes(scope))) return had;
        const wanted = [...new Set([...had.scopes, ...scopes])];
        const grant = await ask(wanted);
        // An issuer that grants less than there was would take from requests that had enough.
        if (had.scopes.every((scope) => grant.scopes.includes(scope))) {
          [held, asked] = [grant, wanted];
        }
        return grant;
      });
    },
  };
}
