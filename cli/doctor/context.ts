/** What a check works with: bounded requests to one server, facts that are found out once, and what was said so far. */

import { AppError } from "../../errors.ts";
import { isLoopbackHost, isSecureUrl } from "../../auth/fetch_json.ts";
import { printable, show } from "../printable.ts";
import type { Answer } from "./answer.ts";
import { cannotTell } from "./check.ts";
import { exchange } from "./client.ts";
import type { ClientOptions, Handshake, Header, WireRequest } from "./client.ts";

/** One request; what is left out is that of a usual POST to the endpoint. */
export interface Sent {
  readonly url?: URL;
  readonly method?: string;
  readonly target?: string;
  readonly host?: string | null;
  readonly headers?: readonly Header[];
  readonly body?: string;
  readonly declaredLength?: number;
  readonly headOnly?: boolean;
  /** Which of the given tokens goes along; none, if left out. */
  readonly token?: TokenName;
}

/** The token under test, and one that may do less. */
export type TokenName = "full" | "low";

/** A finished exchange; the credential is not in it. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** The JSON-RPC method, where the request has one. */
  readonly message: string | undefined;
  readonly credential: "none" | "given" | "forged";
  readonly answer: Answer | undefined;
  readonly milliseconds: number;
}

export interface Context {
  /** The endpoint. */
  readonly url: URL;
  /** The endpoint as the person wrote it. */
  readonly resource: string;
  readonly timeoutMs: number;
  readonly exchanges: readonly Exchange[];
  readonly handshake: Handshake | undefined;
  readonly now: Date;
  hasToken(name: TokenName): boolean;
  /** The token itself, for making variants of it that are no longer valid. */
  token(name: TokenName): string | undefined;
  /**
   * Sends a request that any server answers.
   *
   * @throws {AppError} `unavailable` where no answer comes, and CANNOT_TELL where there is no use in going on.
   */
  send(sent: Sent): Promise<Answer>;
  /** Sends a request that a server may refuse by closing the connection; undefined is that refusal. */
  attempt(sent: Sent): Promise<Answer | undefined>;
  /** Finds out something once, however many checks ask; the function is its own key. */
  fact<T>(find: (context: Context) => Promise<T>): Promise<T>;
  /** Whether a check has asked for a fact. */
  asked(find: (context: Context) => Promise<unknown>): boolean;
  /** A stranger's value for a person, without the tokens of this run. */
  show(value: unknown): string;
  /** A whole sentence that may hold such values. */
  clean(text: string): string;
}

export interface ContextOptions extends ClientOptions {
  readonly url: string;
  readonly tokens?: Readonly<Partial<Record<TokenName, string>>>;
  readonly onExchange?: (exchange: Exchange) => void;
  readonly now?: () => Date;
}

export const MAX_REQUESTS = 100;
const MAX_TIMEOUTS = 3;
const MAX_SENTENCE_LENGTH = 1000;
/** All requests together take at most so many times what one may take. */
const DEADLINE_FACTOR = 24;

/** Builds the context of one run. */
export function createContext(options: ContextOptions): Context {
  const { timeoutMs, tokens = {}, now = () => new Date() } = options;
  const url = new URL(options.url);
  const exchanges: Exchange[] = [];
  const facts = new Map<unknown, Promise<unknown>>();
  const deadline = Date.now() + timeoutMs * DEADLINE_FACTOR;
  let handshake: Handshake | undefined;
  let sent = 0;
  let timeouts = 0;

  function guard(): void {
    if (timeouts >= MAX_TIMEOUTS) {
      throw cannotTell(`given up after ${timeouts} requests without an answer`);
    }
    if (Date.now() > deadline) throw cannotTell("given up: the server is too slow");
    if (sent >= MAX_REQUESTS) throw cannotTell(`given up after ${MAX_REQUESTS} requests`);
  }

  async function perform(request: Sent): Promise<Answer> {
    guard();
    sent += 1;
    const startedAt = Date.now();
    const wire = wireRequest(request);
    let answer: Answer | undefined;
    try {
      const exchanged = await exchange(wire, options);
      if (wire.url.origin === url.origin) handshake ??= exchanged.handshake;
      answer = exchanged.answer;
    } finally {
      const done: Exchange = {
        method: wire.method,
        url: show(wire.url.origin + wire.target),
        message: methodOf(request.body),
        credential: credentialOf(request),
        answer,
        milliseconds: Date.now() - startedAt,
      };
      exchanges.push(done);
      options.onExchange?.(done);
    }
    if (answer.status === 429) throw cannotTell("the server limits the rate of requests (429)");
    return answer;
  }

  function wireRequest(request: Sent): WireRequest {
    const at = request.url ?? url;
    const token = request.token && tokens[request.token];
    if (request.token !== undefined && token === undefined) throw cannotTell("needs a token");
    const headers = [
      ...(token === undefined ? [] : [["authorization", `Bearer ${token}`] as const]),
      ...request.headers ?? [],
    ];
    const verified = holdsSecret(headers);
    if (verified) requireTrust(at);
    return {
      url: at,
      method: request.method ?? "POST",
      target: request.target ?? at.pathname + at.search,
      host: request.host === undefined ? at.host : request.host,
      headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.declaredLength === undefined ? {} : { declaredLength: request.declaredLength }),
      ...(request.headOnly ? { headOnly: true } : {}),
      verified,
    };
  }

  /** A forged token may be the given one but for a character, so all of them are kept as that one is. */
  function holdsSecret(headers: readonly Header[]): boolean {
    return Object.keys(tokens).length > 0 && headers.some(([name]) => name === "authorization");
  }

  /** A token goes to the endpoint's origin alone, and to nobody in the middle. */
  function requireTrust(at: URL): void {
    if (!isSecureUrl(at.href)) throw cannotTell("no token is sent over plain http");
    if (at.origin !== url.origin) throw cannotTell("the token is for the endpoint alone");
    if (handshake?.certificateFault !== undefined) {
      throw cannotTell("no token is sent: the certificate is not valid");
    }
  }

  function redact(text: string): string {
    return Object.values(tokens).reduce(
      (all, token) => token ? all.replaceAll(token, "[token]") : all,
      text,
    );
  }

  const context: Context = {
    url,
    resource: options.url,
    timeoutMs,
    exchanges,
    get handshake() {
      return handshake;
    },
    now: now(),
    hasToken: (name) => tokens[name] !== undefined,
    token: (name) => tokens[name],
    async send(request) {
      // An issuer that hangs says nothing about the server.
      const counts = (request.url ?? url).origin === url.origin;
      try {
        const answer = await perform(request);
        if (counts && !answer.complete) timeouts += 1;
        return answer;
      } catch (error) {
        const silence = silenceOf(error);
        if (counts && (silence === "timeout" || silence === "connect")) timeouts += 1;
        throw error;
      }
    },
    async attempt(request) {
      try {
        return await perform(request);
      } catch (error) {
        if (silenceOf(error) === "closed") return undefined;
        throw error;
      }
    },
    fact<T>(find: (context: Context) => Promise<T>): Promise<T> {
      const known = facts.get(find) ?? find(context);
      facts.set(find, known);
      return known as Promise<T>;
    },
    asked: (find) => facts.has(find),
    show: (value) =>
      value === undefined
        ? show(value)
        : show(redact(typeof value === "string" ? value : JSON.stringify(value))),
    clean: (text) => printable(redact(text), MAX_SENTENCE_LENGTH),
  };
  return context;
}

/** Whether a document may be asked for at a URL that the server names: a stranger must not send us into our own network. */
export function mayVisit(context: Context, url: URL): boolean {
  if (url.username !== "" || url.password !== "") return false;
  if (isLoopbackHost(context.url.hostname)) {
    return url.protocol === "https:" || url.protocol === "http:" && isLoopbackHost(url.hostname);
  }
  if (url.origin === context.url.origin) return true;
  return url.protocol === "https:" && !isLoopbackHost(url.hostname);
}

function silenceOf(error: unknown): unknown {
  return error instanceof AppError ? error.cause : undefined;
}

function credentialOf({ token, headers = [] }: Sent): Exchange["credential"] {
  if (token !== undefined) return "given";
  return headers.some(([name]) => name === "authorization") ? "forged" : "none";
}

function methodOf(body: string | undefined): string | undefined {
  return body === undefined ? undefined : /"method":"([\w/]{1,40})"/.exec(body)?.[1];
}
