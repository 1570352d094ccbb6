/** The request pipeline, top to bottom: admit, match, authenticate, parse, authorize, dispatch, execute, record. */

import { AppError, toAppError } from "../errors.ts";
import type { Authenticator } from "../auth/mod.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { SubjectToken } from "../auth/subject_token.ts";
import { auditUnavailable } from "../store/audit.ts";
import { insufficientScope } from "../tools/execute.ts";
import type { Level } from "../telemetry/metrics.ts";
import { inSpan, requestTracing } from "../telemetry/trace.ts";
import type { Registry, Tool } from "../tools/registry.ts";
import { admit } from "./admit.ts";
import type { Admission } from "./admit.ts";
import { checkAccept, readJsonBody } from "./body.ts";
import { checkOrigin, isNavigation, isPreflight } from "./cors.ts";
import { openExchange } from "./exchange.ts";
import type { Exchange, Result } from "./exchange.ts";
import type { Limits } from "./limits/mod.ts";
import type { LiveRequests } from "./live.ts";
import type { McpDispatcher } from "./mcp.ts";
import { asksForStream, readMessage, RpcError } from "./message.ts";
import { namedBy, scopesOfNamed } from "./offer.ts";
import type { Named, Offer } from "./offer.ts";
import type { PeerOf } from "./peer.ts";
import { eventOf, GONE_STATUS } from "./record.ts";
import type { Recorder } from "./record.ts";
import { dispatched, options, publicDocument, refusal } from "./respond.ts";
import { matchRoute } from "./routes.ts";
import type { Route } from "./routes.ts";
import { openMessageSpan } from "./spans.ts";
import { superviseStream } from "./stream.ts";
import type { Cut } from "./stream.ts";

/** Everything the pipeline stands on. */
export interface HandlerDeps {
  readonly admission: Admission;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly authenticator: Authenticator;
  readonly live: LiveRequests;
  readonly registry: Registry;
  /** Absent where there are tools alone. */
  readonly offer?: Offer | undefined;
  readonly policy: ScopePolicy;
  readonly mcp: McpDispatcher;
  readonly bodyTimeoutMs: number;
  /** Absent where limits are switched off. */
  readonly limits?: Limits | undefined;
  /** Absent where no proxy is trusted: the socket's address is the caller's. */
  readonly peerOf?: PeerOf | undefined;
  /** How many requests and streams there are, for whoever counts them. */
  readonly levels?: { readonly calls: Level; readonly streams: Level };
  readonly audit: Recorder;
  /** Told of every error that is not ours, with its stack. */
  readonly onUnexpected: (error: unknown, requestId: string) => void;
  readonly now: () => Date;
}

/** Answers one request; it never throws. */
export type Handler = (request: Request, peer: string) => Promise<Response>;

/** Builds the pipeline. Source order is run order; a stage refuses by throwing. */
export function createHandler(deps: HandlerDeps): Handler {
  const { admission, routes, authenticator, registry, offer, policy, limits, mcp, levels } = deps;
  const trace = requestTracing();

  async function answer(exchange: Exchange): Promise<Response> {
    const { request, spans } = exchange;

    // admit
    spans?.enter("admit");
    await limits?.admit(exchange.peer);
    const { url, resource } = admit(request, admission);
    exchange.url = url;
    exchange.resource = resource;

    // match
    const route = matchRoute(routes, request);
    exchange.route = route;
    spans?.route(route.path);
    const linked = route.access === "public" && isNavigation(request);
    if (route.origins === "allowed" && !linked) {
      exchange.origin = checkOrigin(request.headers, deps.allowedOrigins);
    }
    if (isPreflight(request)) return options(exchange);
    if (route.access === "public") {
      if (request.method === "OPTIONS") return options(exchange);
      requireMethod(request, "GET", "HEAD");
      return publicDocument(exchange, await route.serve(resource));
    }

    // authenticate
    spans?.enter("authenticate");
    const { authenticate } = authenticator;
    const onVerified = (holder: Principal) => void (exchange.holder = holder);
    const onSubject = (subject: SubjectToken) => void (exchange.subject = subject);
    const purpose = { resource, onVerified, onSubject };
    const principal = await inSpan(spans, authenticate, request, url.searchParams, purpose);
    if (principal === undefined) {
      throw new AppError("unauthorized", "Send an access token for this resource", {
        reason: "no_credential",
      });
    }
    exchange.principal = principal;
    const live = exchange.live = deps.live.enter(principal);
    requireMethod(request, "POST");
    requireAudit(deps.audit);
    // Before the body, so that what one principal can have in memory is bounded too.
    if (limits) exchange.leave = limits.enter(principal);

    // parse
    spans?.enter("parse");
    checkAccept(request.headers);
    const body = await readJsonBody(request, {
      maxBytes: admission.maxBodyBytes,
      timeoutMs: deps.bodyTimeoutMs,
    });
    const message = readMessage(body, request.headers);
    exchange.message = message;

    // authorize
    const tool = message.toolName === undefined ? undefined : registry.get(message.toolName);
    if (tool !== undefined) exchange.tool = tool;
    const named = offer ? namedBy(offer, message.method, message.params ?? {}) : [];
    if (named.length > 0) exchange.named = named;
    if (spans) openMessageSpan(spans, exchange, tool?.name);
    spans?.enter("authorize");
    if (limits) exchange.standing = await limits.charge(principal, tool ?? named[0]);
    if (tool !== undefined) authorize(exchange, tool, principal);
    if (named.length > 0) authorizeNamed(exchange, named, principal);

    // dispatch, and execute where it is a tool call
    spans?.enter("dispatch");
    // Before a tool may have done its work, or a refusal would take back what has happened.
    if (limits && asksForStream(message)) exchange.closeStream = limits.openStream(principal);
    const dispatch = () => inSpan(spans, mcp.dispatch, exchange, message, principal);
    const response = dispatched(exchange, await live.answer(dispatch));
    // A subscription only waits, so from here on it holds its place among the streams alone.
    if (isSubscription(exchange)) exchange.leave?.();
    return response;
  }

  function authorize(exchange: Exchange, tool: Tool, principal: Principal): void {
    const missing = policy.missing(principal.scopes, tool.scopes);
    if (missing.length === 0) return;
    exchange.missingScopes = missing;
    throw insufficientScope(tool, missing);
  }

  /** A message that names several is served for all of them or not at all. */
  function authorizeNamed(exchange: Exchange, named: readonly Named[], principal: Principal): void {
    const scopes = scopesOfNamed(named);
    const missing = policy.missing(principal.scopes, scopes);
    if (missing.length === 0) return;
    exchange.missingScopes = missing;
    const name = [...new Set(named.map((one) => one.name))].join(", ");
    throw insufficientScope({ name, scopes }, missing, named[0]!.kind);
  }

  /** What a challenge asks for: all that the refused operation needs, the baseline where that is not known (R22, R46). */
  function scopesToAskFor({ tool, named, request: { headers } }: Exchange): readonly string[] {
    const name = headers.get("mcp-name") ?? "";
    const scopes = tool?.scopes ?? scopesOfNamed(named ?? namedByHeaders(headers, name));
    const asked = scopes.length > 0 ? scopes : registry.get(name)?.scopes ?? [];
    return asked.length > 0 ? asked : policy.baseline;
  }

  function namedByHeaders(headers: Headers, name: string): readonly Named[] {
    const method = headers.get("mcp-method") ?? "";
    return offer ? namedBy(offer, method, { name, uri: name }) : [];
  }

  function refuse(exchange: Exchange, thrown: unknown): { response: Response; reason: string } {
    const error = thrown instanceof RpcError ? thrown : toAppError(thrown);
    if (error.cause !== undefined) deps.onUnexpected(error.cause, exchange.id);
    if (error instanceof RpcError) exchange.rpcCode = error.code;
    const response = refusal(exchange, error, scopesToAskFor(exchange));
    return { response, reason: error.reason };
  }

  function record(exchange: Exchange, status: number, reason: string): void {
    const { audit } = deps;
    audit.record(eventOf(exchange, { status, reason }, audit.fingerprint));
    exchange.spans?.end({ status, reason, rpcCode: exchange.rpcCode });
    levels?.calls.down();
  }

  return async (request, peer) => {
    const caller = deps.peerOf?.(request, peer) ?? peer;
    const exchange = openExchange(request, caller, deps.now(), trace?.(request));
    levels?.calls.up();
    let response: Response;
    let reason: string | undefined;
    try {
      response = await answer(exchange);
    } catch (thrown) {
      ({ response, reason } = refuse(exchange, thrown));
    }
    const { status } = response;
    const close = (cut?: Cut) => {
      exchange.subject?.forget();
      exchange.leave?.();
      exchange.live?.leave();
      reason ??= exchange.live?.endedBy ?? cut ?? exchange.result?.reason;
      record(exchange, status, reason ?? (response.ok ? "ok" : "protocol"));
    };
    const done = (cut?: Cut) => {
      exchange.closeStream?.();
      const { execution, live, message, result } = exchange;
      const left = status === GONE_STATUS || request.signal.aborted;
      const why = cut ?? (left ? "client_gone" : undefined);
      if (execution === undefined || live === undefined || live.endedBy !== undefined) {
        // A stream that is hung up is only worth a word where a tool did not come to run.
        const unanswered = message?.method === "tools/call" && result === undefined;
        const isUsual = why === "client_gone" && !unanswered && status !== GONE_STATUS;
        return close(isUsual ? undefined : why);
      }
      const stopped = live.stopped.then(() => void (exchange.result ??= NOT_AWAITED));
      // Until a tool that outlives its caller has ended it has their place, and nobody knows what to record.
      void Promise.race([execution, stopped]).then(() => close(why));
    };
    if (exchange.principal === undefined || !isStream(response)) {
      done();
      return response;
    }
    levels?.streams.up();
    return superviseStream(response, {
      endsAt: exchange.principal.expiresAt * 1000,
      signal: exchange.live?.signal,
      mostWaiting: isSubscription(exchange) ? MOST_WAITING_BYTES : undefined,
      now: deps.now,
      onEnd(cut) {
        levels?.streams.down();
        done(cut);
      },
    });
  };
}

/** The server stopped before it was known what came of the tool. */
const NOT_AWAITED: Result = { decision: "fail", reason: "server_stopped", isError: true };

function requireMethod(request: Request, ...methods: readonly string[]): void {
  if (methods.includes(request.method)) return;
  throw new AppError("method_not_allowed", "That method is not offered here");
}

/** What cannot be recorded is not served (R53); a tool with an effect makes sure once more before it runs. */
function requireAudit({ writable }: Recorder): void {
  if (!writable) throw auditUnavailable();
}

/** What is kept for a subscriber that does not read; its stream ends with more. */
const MOST_WAITING_BYTES = 64 * 1024;

function isSubscription({ message }: Exchange): boolean {
  return message?.method === "subscriptions/listen";
}

function isStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}
