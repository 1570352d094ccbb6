/** The request pipeline, top to bottom: admit, match, authenticate, parse, authorize, dispatch, execute, record. */

import { AppError, toAppError } from "../errors.ts";
import type { Authenticator } from "../auth/mod.ts";
import { principalKey } from "../auth/principal.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import { insufficientScope } from "../tools/execute.ts";
import type { Registry, Tool } from "../tools/registry.ts";
import { admit } from "./admit.ts";
import type { Admission } from "./admit.ts";
import { checkAccept, readJsonBody } from "./body.ts";
import { checkOrigin, isNavigation, isPreflight } from "./cors.ts";
import { openExchange } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { LiveRequests } from "./live.ts";
import type { McpDispatcher } from "./mcp.ts";
import { readMessage, RpcError } from "./message.ts";
import { addressKey } from "./rate_limit.ts";
import type { Gate, Limiter } from "./rate_limit.ts";
import { decisionOf } from "./record.ts";
import type { DecisionSink } from "./record.ts";
import { dispatched, options, publicDocument, refusal } from "./respond.ts";
import { matchRoute } from "./routes.ts";
import type { Route } from "./routes.ts";
import { superviseStream } from "./stream.ts";

/** Everything the pipeline stands on. */
export interface HandlerDeps {
  readonly admission: Admission;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly authenticator: Authenticator;
  readonly live: LiveRequests;
  readonly registry: Registry;
  readonly policy: ScopePolicy;
  readonly mcp: McpDispatcher;
  readonly bodyTimeoutMs: number;
  /** Absent where limits are switched off. */
  readonly limits?: {
    readonly address: Limiter;
    readonly client: Limiter;
    /** By principal. */
    readonly concurrent: Gate;
  };
  readonly record: DecisionSink;
  /** Told of every error that is not ours, with its stack. */
  readonly onUnexpected: (error: unknown, requestId: string) => void;
  readonly now: () => Date;
}

/** Answers one request; it never throws. */
export type Handler = (request: Request, peer: string) => Promise<Response>;

/** Builds the pipeline. Source order is run order; a stage refuses by throwing. */
export function createHandler(deps: HandlerDeps): Handler {
  const { admission, routes, authenticator, registry, policy, limits, mcp } = deps;

  async function answer(exchange: Exchange): Promise<Response> {
    const { request } = exchange;

    // admit
    await limits?.address(addressKey(exchange.peer));
    const { url, resource } = admit(request, admission);
    exchange.url = url;
    exchange.resource = resource;

    // match
    const route = matchRoute(routes, request);
    exchange.route = route;
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
    const principal = await authenticator.authenticate(request, url.searchParams, resource);
    if (principal === undefined) {
      throw new AppError("unauthorized", "Send an access token for this resource", {
        reason: "no_credential",
      });
    }
    exchange.principal = principal;
    const live = exchange.live = deps.live.enter(principal);
    requireMethod(request, "POST");
    // Before the body, so that what one principal can have in memory is bounded too.
    const leave = limits?.concurrent(principalKey(principal));
    if (leave) exchange.leave = leave;

    // parse
    checkAccept(request.headers);
    const body = await readJsonBody(request, {
      maxBytes: admission.maxBodyBytes,
      timeoutMs: deps.bodyTimeoutMs,
    });
    const message = readMessage(body, request.headers);
    exchange.message = message;

    // authorize
    const tool = message.toolName === undefined ? undefined : registry.get(message.toolName);
    await limits?.client(clientKey(principal), tool?.cost);
    if (tool !== undefined) {
      exchange.tool = tool;
      authorize(tool, principal);
    }

    // dispatch, and execute where it is a tool call
    const response = await live.answer(() => mcp.dispatch(exchange, message, principal));
    return dispatched(exchange, response);
  }

  function authorize(tool: Tool, principal: Principal): void {
    const missing = policy.missing(principal.scopes, tool.scopes);
    if (missing.length > 0) throw insufficientScope(tool, missing);
  }

  /** What a challenge asks for: all that the refused operation needs, the baseline where that is not known (R22, R46). */
  function scopesToAskFor(exchange: Exchange): readonly string[] {
    const tool = exchange.tool ?? registry.get(exchange.request.headers.get("mcp-name") ?? "");
    return tool && tool.scopes.length > 0 ? tool.scopes : policy.baseline;
  }

  function refuse(exchange: Exchange, thrown: unknown): { response: Response; reason: string } {
    const error = thrown instanceof RpcError ? thrown : toAppError(thrown);
    if (error.cause !== undefined) deps.onUnexpected(error.cause, exchange.id);
    const response = refusal(exchange, error, scopesToAskFor(exchange));
    return { response, reason: error.reason };
  }

  function record(exchange: Exchange, status: number, reason: string): void {
    deps.record(decisionOf(exchange, { status, reason, now: deps.now() }));
  }

  return async (request, peer) => {
    const exchange = openExchange(request, peer, deps.now());
    let response: Response;
    let reason: string | undefined;
    try {
      response = await answer(exchange);
    } catch (thrown) {
      ({ response, reason } = refuse(exchange, thrown));
    }
    const { status } = response;
    const done = () => {
      exchange.leave?.();
      exchange.live?.leave();
      reason ??= exchange.live?.endedBy ?? exchange.toolOutcome;
      record(exchange, status, reason ?? (response.ok ? "ok" : "protocol"));
    };
    if (exchange.principal === undefined || !isStream(response)) {
      done();
      return response;
    }
    return superviseStream(response, {
      endsAt: exchange.principal.expiresAt * 1000,
      signal: exchange.live?.signal,
      now: deps.now,
      onEnd: done,
    });
  };
}

function requireMethod(request: Request, ...methods: readonly string[]): void {
  if (methods.includes(request.method)) return;
  throw new AppError("method_not_allowed", "That method is not offered here");
}

function clientKey(principal: Principal): string {
  return JSON.stringify([principal.issuer, principal.clientId]);
}

function isStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}
