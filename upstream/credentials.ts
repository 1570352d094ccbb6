/** The tokens that calls carry: none, the server's own, or one exchanged for the caller; cached until shortly before their end. */

import { createBoundedCache } from "../auth/bounded_cache.ts";
import type { Principal } from "../auth/principal.ts";
import { principalKey } from "../auth/principal.ts";
import type { RevocationListener } from "../auth/revocation.ts";
import type { SubjectToken } from "../auth/subject_token.ts";
import { upstreamFailure } from "./failures.ts";
import type { TokenClient, UpstreamToken } from "./token_client.ts";

/** On whose behalf a call is. */
export interface Caller {
  readonly principal: Principal;
  /** Absent where no upstream takes an exchanged token, or the token's issuer is none that is exchanged. */
  readonly subject?: SubjectToken | undefined;
  /** Aborts when the call ends. */
  readonly signal: AbortSignal;
  /** Of the call, for the log. */
  readonly requestId?: string;
}

export interface Credential {
  /** The token to send; undefined where the upstream wants none. Throws an `AppError`. */
  token(caller: Caller): Promise<string | undefined>;
  /** Forgets a token that the upstream refused. */
  refused(caller: Caller, token: string): void;
}

/** Seconds before its end from which a token is not used any more. */
const MARGIN = 30;
/** For how long a token is believed whose end nobody tells. */
const UNTOLD = 60;
const MAX_EXCHANGED = 10_000;

export const noCredential: Credential = {
  token: () => Promise.resolve(undefined),
  refused: () => {},
};

/** The server's own token: one for all callers, asked for once however many wait for it. */
export function ownCredential(name: string, client: TokenClient, now: () => Date): Credential {
  let held: { readonly value: string; readonly until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const token = await client.ownToken();
    held = { value: token.value, until: endOf(token, now) };
    return token.value;
  }

  return {
    async token({ signal }) {
      if (held && seconds(now) < held.until) return held.value;
      asking ??= ask().finally(() => (asking = undefined));
      return await orAborted(asking, signal, name);
    },
    refused(_caller, token) {
      if (held?.value === token) held = undefined;
    },
  };
}

/** Exchanged tokens of every upstream; they end when their caller's access does. */
export interface ExchangedTokens {
  get(key: string, now: number): string | undefined;
  set(key: string, entry: ExchangedToken, until: number): void;
  delete(key: string): void;
  readonly dropWhere: RevocationListener;
  readonly size: number;
}

interface ExchangedToken {
  readonly value: string;
  readonly principal: Principal;
}

export function createExchangedTokens(maxEntries = MAX_EXCHANGED): ExchangedTokens {
  const cache = createBoundedCache<ExchangedToken>(maxEntries);
  return {
    get: (key, now) => cache.get(key, now)?.value,
    set: (key, entry, until) => cache.set(key, entry, until),
    delete: (key) => cache.delete(key),
    dropWhere: (reasonFor) =>
      cache.deleteWhere(({ principal }) => reasonFor(principal) !== undefined),
    get size() {
      return cache.size;
    },
  };
}

export interface ExchangeOptions {
  readonly name: string;
  readonly client: TokenClient;
  readonly tokens: ExchangedTokens;
  /** Unlike that of any other upstream, and of this one under another configuration. */
  readonly id: string;
  /** Issuers whose tokens are exchanged. */
  readonly issuers: ReadonlySet<string>;
  readonly now: () => Date;
}

/** A token for each caller, with the rights of the very token that it was exchanged for. */
export function exchangedCredential(options: ExchangeOptions): Credential {
  const { name, client, tokens, id, issuers, now } = options;
  /** Not the caller alone: a narrow token must not find what a wider one was exchanged for. */
  const keyOf = ({ principal }: Caller) =>
    JSON.stringify([
      id,
      principalKey(principal),
      principal.clientId,
      principal.scopes.toSorted(),
    ]);

  return {
    async token(caller) {
      const { principal, subject, signal } = caller;
      if (!issuers.has(principal.issuer) || subject === undefined) {
        throw upstreamFailure(name, "upstream_issuer");
      }
      const key = keyOf(caller);
      const known = tokens.get(key, seconds(now));
      if (known !== undefined) return known;
      const token = await subject.reveal((text) => client.exchange(text, signal));
      // Whoever lost access meanwhile leaves nothing behind.
      if (signal.aborted) throw upstreamFailure(name, "upstream_aborted");
      tokens.set(key, { value: token.value, principal }, endOf(token, now));
      return token.value;
    },
    refused(caller, token) {
      const key = keyOf(caller);
      if (tokens.get(key, seconds(now)) === token) tokens.delete(key);
    },
  };
}

/** What others wait for too goes on without this one. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(upstreamFailure(name, "upstream_aborted"));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function seconds(now: () => Date): number {
  return now().getTime() / 1000;
}

/** A token that lives no longer than the margin is used once. */
function endOf({ expiresIn }: UpstreamToken, now: () => Date): number {
  return seconds(now) + (expiresIn === undefined ? UNTOLD : expiresIn - MARGIN);
}
