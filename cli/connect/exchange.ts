/** One HTTP exchange with the remote server: with its token, and at most one more try for each reason to try again. */

import { AppError } from "../../errors.ts";
import { onceOnly } from "../../once_only.ts";
import type { Logger } from "../../telemetry/log.ts";
import { NO_ANSWER } from "../command.ts";
import { addressOf } from "../printable.ts";
import { challengeOf } from "./challenge.ts";
import type { Grant, TokenSource } from "./tokens.ts";

export interface Outgoing {
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Milliseconds until the head of the answer; without it as long as it takes. */
  readonly headTimeoutMs?: number;
  /** Whether a tool may run by it: neither an answer of 503 nor a broken connection says that it did not. */
  readonly mayHaveRun?: boolean;
}

/** An answer, whatever its status, and the token that got it. */
export interface Exchanged {
  readonly response: Response;
  readonly grant: Grant | undefined;
}

export type Exchange = (outgoing: Outgoing) => Promise<Exchanged>;

export interface ExchangeOptions {
  readonly resource: URL;
  /** Headers of the operator's own; with an Authorization among them no token is asked for. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tokens: TokenSource;
  readonly logger: Logger;
}

/** The longest that a Retry-After is waited for. */
const MAX_WAIT_MS = 10_000;
/** A server that answers a renewed token like this one has nothing more to say. */
const RETRIES = { unauthorized: 1, insufficientScope: 1, busy: 1 };

/** Builds the exchange; the token and the operator's headers go to this one URL, and redirects are not followed. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { resource, headers, tokens, logger } = options;
  const ownCredential = "authorization" in headers;

  async function once(outgoing: Outgoing, grant: Grant | undefined): Promise<Response> {
    const { method, body, signal, headTimeoutMs } = outgoing;
    const late = headTimeoutMs === undefined ? undefined : new AbortController();
    const timer = late && setTimeout(() => late.abort(), headTimeoutMs);
    const init: RequestInit & { timeout: false } = {
      method,
      headers: {
        ...headers,
        ...outgoing.headers,
        ...(grant ? { authorization: `Bearer ${grant.accessToken}` } : {}),
      },
      ...(outgoing.mayHaveRun ? onceOnly(body) : body !== undefined && { body }),
      redirect: "manual",
      signal: late ? AbortSignal.any([signal, late.signal]) : signal,
      // Bun would give up after five minutes, and a tool may take longer.
      timeout: false,
    };
    try {
      return await fetch(resource, init);
    } catch (cause) {
      throw new AppError(
        "unavailable",
        `No answer from ${addressOf(resource)}; is the server running, and the URL right?`,
        { reason: NO_ANSWER, cause },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  return async (outgoing) => {
    const left = { ...RETRIES };
    let grant = ownCredential ? undefined : await tokens.current();
    for (;;) {
      const response = await once(outgoing, grant);
      const exchanged = { response, grant };
      if (response.status === 401 && !ownCredential && left.unauthorized-- > 0) {
        await discard(response);
        logger.debug("the server wants another token", { had_one: grant !== undefined });
        grant = await tokens.renew(grant, await challengeOf(response));
        continue;
      }
      if (response.status === 403 && grant && left.insufficientScope > 0) {
        const challenge = await challengeOf(response);
        if (challenge.error !== "insufficient_scope" || challenge.scopes.length === 0) {
          return exchanged;
        }
        left.insufficientScope -= 1;
        const wider = await widened(grant, challenge.scopes);
        if (wider === undefined) return exchanged;
        await discard(response);
        grant = wider;
        continue;
      }
      const wait = retryAfter(response, outgoing.mayHaveRun === true);
      if (wait !== undefined && wait <= MAX_WAIT_MS && left.busy-- > 0) {
        await discard(response);
        logger.info("the server asks to wait", { status: response.status, milliseconds: wait });
        await pause(wait, outgoing.signal);
        continue;
      }
      return exchanged;
    }
  };

  /** Undefined where the issuer gives no token that has them: the refusal stands. */
  async function widened(
    grant: Grant,
    scopes: readonly string[],
  ): Promise<Grant | undefined> {
    try {
      const wider = await tokens.widen(grant, scopes);
      return scopes.every((scope) => wider.scopes.includes(scope)) ? wider : undefined;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "unauthorized") throw error;
      logger.info("the issuer does not grant more", {
        scopes: scopes.join(" "),
        why: error.message,
      });
      return undefined;
    }
  }
}

/**
 * Milliseconds to wait before another try; undefined where the server does not ask for one (RFC 9110 section 10.2.3), or
 * may have done what it was asked: only 429 says that it did not.
 */
function retryAfter({ status, headers }: Response, mayHaveRun: boolean): number | undefined {
  const value = headers.get("retry-after");
  const isRepeatable = status === 429 || status === 503 && !mayHaveRun;
  if (value === null || !isRepeatable) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Waits; an abort ends it, and the request after it fails at once. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}

/** Lets the connection go without reading on. */
export async function discard({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => {});
}
