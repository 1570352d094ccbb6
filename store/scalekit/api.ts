/** The API of one Scalekit environment: our own token, bounded calls, further attempts where they can do no harm. */

import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../errors.ts";
import { exchange, type HttpAnswer } from "./exchange.ts";
import { noAnswer, notSignedIn, readError, refusalOf } from "./refusals.ts";
import type { ApiLimits, ScalekitEnvironment } from "./settings.ts";
import { createTokenSource, type TokenSource } from "./token.ts";
import { createTurns } from "./turns.ts";
import type { Json } from "./values.ts";

export interface ApiCall {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below `/api/v1`, made by `path`; undefined for what cannot exist, which is not asked for. */
  readonly path: string | undefined;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: Json;
  /** What it means that the address does not exist. */
  readonly missing: () => AppError;
  /** Whether a second call does more than the first; without it, whether POST and PATCH are all that do. */
  readonly onlyOnce?: boolean;
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

export interface Api {
  readonly environment: ScalekitEnvironment;
  /**
   * Calls the API and returns the body of its answer.
   *
   * @throws {AppError} as `refusalOf()` says, and `unavailable` where no answer came in time.
   */
  call(call: ApiCall): Promise<Json>;
}

export interface ApiOptions {
  readonly limits: ApiLimits;
  readonly now: () => Date;
  /** Ends what is under way. */
  readonly closed: AbortSignal;
}

/** Makes a path; undefined where a value is no id or name, so that none of them can name another address or action. */
export function path(
  parts: TemplateStringsArray,
  ...values: readonly string[]
): string | undefined {
  if (!values.every((value) => /^[A-Za-z0-9_-]{1,64}$/.test(value))) return undefined;
  return String.raw({ raw: parts }, ...values);
}

type Outcome =
  | { readonly body: Json }
  | { readonly error: AppError; readonly again: boolean; readonly afterMs?: number };

export function createApi(environment: ScalekitEnvironment, options: ApiOptions): Api {
  const { limits, now, closed } = options;
  const tokens = createTokenSource(environment, options);
  const inTurn = createTurns(limits.concurrent, limits.waiting);

  /** One attempt; a token that is refused is replaced once: it can have been revoked, or its key rotated. */
  async function attempt(call: ApiCall, url: URL, ended: AbortSignal): Promise<Outcome> {
    for (const isLast of [false, true]) {
      const token = await tokenOf(tokens);
      if (typeof token !== "string") return token;
      const signal = AbortSignal.any([ended, AbortSignal.timeout(limits.requestTimeout)]);
      const { answerBytes: maxBytes } = limits;
      let answer: HttpAnswer;
      try {
        answer = await exchange({ url, ...requestOf(call, token), signal, maxBytes });
      } catch (error) {
        return { error: noAnswer(error), again: isRepeatable(call) };
      }
      if (answer.status < 300) return { body: answer.body };
      if (answer.status !== 401) return failureOf(answer, call, now());
      tokens.drop(token);
      if (isLast) break;
    }
    return { error: notSignedIn(), again: false };
  }

  async function attempts(call: ApiCall, url: URL, ended: AbortSignal): Promise<Json> {
    const giveUp = performance.now() + limits.totalTimeout;
    for (let made = 1;; made++) {
      const outcome = await attempt(call, url, ended);
      if ("body" in outcome) return outcome.body;
      const { error, again, afterMs = 0 } = outcome;
      // Whatever is deleted was read before; if it is gone now, an attempt whose answer was lost has done it, be it one of
      // the runtime's own.
      if (call.method === "DELETE" && error.code === "not_found") return {};
      const wait = Math.max(afterMs, backOff(limits.backoff, made));
      if (!again || made >= limits.attempts || performance.now() + wait > giveUp) throw error;
      await sleep(wait, undefined, { signal: ended });
    }
  }

  return {
    environment,
    async call(call) {
      if (call.path === undefined) throw call.missing();
      const url = addressOf(environment.baseUrl, call.path, call.query);
      const ended = AbortSignal.any([closed, AbortSignal.timeout(limits.totalTimeout)]);
      try {
        return await inTurn(ended, () => attempts(call, url, ended));
      } catch (error) {
        throw error instanceof AppError ? error : noAnswer(error);
      }
    },
  };
}

/** To ask for a token again does no harm, where it was not refused. */
async function tokenOf(tokens: TokenSource): Promise<string | Outcome> {
  try {
    return await tokens.get();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { error, again: error.reason === "scalekit_unreachable" };
  }
}

function addressOf(baseUrl: string, path: string, query: ApiCall["query"] = {}): URL {
  const url = new URL(`/api/v1${path}`, baseUrl);
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) url.searchParams.append(name, String(item));
    }
  }
  return url;
}

function requestOf(call: ApiCall, token: string) {
  const { method, body } = call;
  return {
    method,
    once: !isRepeatable(call),
    headers: {
      authorization: `Bearer ${token}`,
      // Networks in between refuse requests that do not say what sends them.
      "user-agent": "gatehouse",
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

function failureOf(answer: HttpAnswer, call: ApiCall, now: Date): Outcome {
  const { status } = answer;
  const afterMs = retryAfter(answer.headers, now);
  const retryAfterSeconds = status === 429 ? Math.ceil((afterMs ?? 1000) / 1000) : undefined;
  // The API's own budget refuses before anything is done; that of a provider behind it may be hit half way.
  const isUntouched = status === 429 && readError(answer, undefined).code !== "TOOL_ERROR";
  const isPassing = [429, 500, 502, 503, 504].includes(status);
  return {
    error: refusalOf(answer, call, retryAfterSeconds),
    again: isUntouched || (isPassing && isRepeatable(call)),
    ...(afterMs !== undefined && { afterMs }),
  };
}

function isRepeatable({ method, onlyOnce }: ApiCall): boolean {
  return !(onlyOnce ?? (method === "POST" || method === "PATCH"));
}

/** Seconds or a date (RFC 9110 section 10.2.3), in milliseconds from now; undefined for neither. */
function retryAfter(headers: Headers, now: Date): number | undefined {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now.getTime());
}

/** Between half of the doubled wait and all of it, so that those who failed together do not come back together. */
function backOff(first: number, made: number): number {
  return first * 2 ** (made - 1) * (0.5 + Math.random() / 2);
}
