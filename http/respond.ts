/** Turns documents, refusals and dispatched answers into responses: the only place that picks a status. */

import { bearerChallenge, dpopChallenge } from "../auth/challenge.ts";
import type { Challenge } from "../auth/challenge.ts";
import type { AppError } from "../errors.ts";
import { allowReading, preflightHeaders } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import { refusalStanding } from "./limits/headers.ts";
import type { RefusalFacts, Standing } from "./limits/headers.ts";
import { RpcError } from "./message.ts";
import { PUBLIC_METHODS } from "./routes.ts";
import type { PublicDocument } from "./routes.ts";

const MCP_METHOD = "POST";

/** Answers a GET or HEAD of a public route. */
export function publicDocument(exchange: Exchange, document: PublicDocument): Response {
  const body = exchange.request.method === "HEAD" ? null : document.body;
  return finish(exchange, new Response(body, { headers: document.headers }));
}

/** Answers OPTIONS: a browser's preflight, or a question about methods. */
export function options(exchange: Exchange): Response {
  const { route, request } = exchange;
  const methods = route?.access === "token" ? MCP_METHOD : PUBLIC_METHODS;
  const origin = route?.origins === "any" ? "*" : exchange.origin;
  if (origin === undefined || !request.headers.has("origin")) {
    return finish(exchange, new Response(null, { status: 204, headers: { allow: methods } }));
  }
  return seal(
    exchange,
    new Response(null, { status: 204, headers: preflightHeaders(request, methods, origin) }),
  );
}

/** Passes on what the protocol side answered, with the headers that every answer carries. */
export function dispatched(exchange: Exchange, response: Response): Response {
  const { headers } = response;
  if (headers.get("content-type")?.startsWith("text/event-stream")) {
    headers.set("cache-control", "no-store, no-cache, no-transform");
    headers.set("x-accel-buffering", "no");
  }
  // 2026-07-28 has no protocol sessions, and the earlier revisions are served without them.
  headers.delete("mcp-session-id");
  return finish(exchange, response);
}

/** Answers what a stage refused; `scopes` is what a challenge should ask for. */
export function refusal(
  exchange: Exchange,
  error: AppError | RpcError,
  scopes: readonly string[],
): Response {
  const response = error instanceof RpcError
    ? rpcError(exchange, error)
    : oauthError(exchange, error, scopes);
  return finish(exchange, response);
}

function rpcError(exchange: Exchange, error: RpcError): Response {
  const { code, message, data, id } = error;
  return Response.json({
    jsonrpc: "2.0",
    ...(id === undefined ? {} : { id }),
    error: { code, message, data: { ...data, request_id: exchange.id } },
  }, { status: error.status });
}

/** The one body shape of every HTTP refusal: RFC 6749 names first, then what a model needs to go on. */
function oauthError(exchange: Exchange, error: AppError, scopes: readonly string[]): Response {
  const headers = new Headers();
  const challenge = challengeFor(exchange, error, scopes);
  if (challenge) setChallenges(headers, challenge, exchange, error);
  if (error.code === "method_not_allowed") {
    headers.set("allow", exchange.route?.access === "token" ? MCP_METHOD : PUBLIC_METHODS);
  }
  // RFC 9110 section 15.5.9. Not with 413: a runtime that closes while the body arrives takes the answer back.
  if (error.code === "request_timeout") headers.set("connection", "close");
  if (error.retryAfterSeconds !== undefined) {
    headers.set("retry-after", String(error.retryAfterSeconds));
  }
  const limited = error.code === "rate_limited" ? error.details : undefined;
  if (limited) setStanding(headers, refusalStanding(limited as unknown as RefusalFacts));
  const needed = error.details?.["required_scopes"] as readonly string[] | undefined;
  return Response.json({
    error: error.code === "unavailable" ? "temporarily_unavailable" : error.code,
    error_description: error.message,
    ...(needed ? { scope: needed.join(" "), ...error.details } : {}),
    ...limited,
    ...(challenge ? { resource_metadata: challenge.resourceMetadata } : {}),
    request_id: exchange.id,
  }, { status: error.status, headers });
}

/** RFC 6750 section 3.1: no error code where the request had no credential; one description for every bad token. */
function challengeFor(
  exchange: Exchange,
  error: AppError,
  scopes: readonly string[],
): Challenge | undefined {
  if (exchange.resource === undefined || exchange.route?.access !== "token") return undefined;
  const resourceMetadata = exchange.resource.metadataUrl;
  const description = error.message;
  switch (error.code) {
    case "unauthorized":
    case "invalid_dpop_proof":
    case "use_dpop_nonce":
      return { resourceMetadata, scopes };
    case "invalid_token":
    case "insufficient_scope":
      return { resourceMetadata, error: error.code, description, scopes };
    case "invalid_request":
      return exchange.principal === undefined
        ? { resourceMetadata, error: "invalid_request", description }
        : undefined;
    default:
      return undefined;
  }
}

/** Bearer comes first: real clients read the rest of a challenge only behind that word. */
function setChallenges(
  headers: Headers,
  challenge: Challenge,
  exchange: Exchange,
  error: AppError,
): void {
  headers.append("www-authenticate", bearerChallenge(challenge));
  const offer = exchange.resource?.dpop;
  if (offer === undefined || error.code === "insufficient_scope") return;
  const ofProof = error.code === "invalid_dpop_proof" || error.code === "use_dpop_nonce";
  const tried = ofProof || error.code === "invalid_token" && usesDpop(exchange);
  headers.append(
    "www-authenticate",
    dpopChallenge(offer, tried ? { code: error.code, description: error.message } : undefined),
  );
  const nonce = error.details?.["nonce"];
  if (error.code === "use_dpop_nonce") headers.set("dpop-nonce", String(nonce));
}

/** RFC 9449 section 7.1: the error stands in the challenge of the scheme that was tried. */
function usesDpop({ request }: Exchange): boolean {
  return /^dpop /i.test(request.headers.get("authorization") ?? "");
}

function setStanding(headers: Headers, { policy, state }: Standing): void {
  headers.set("ratelimit-policy", policy);
  headers.set("ratelimit", state);
}

function finish(exchange: Exchange, response: Response): Response {
  if (exchange.standing && response.status !== 429) {
    setStanding(response.headers, exchange.standing);
  }
  if (exchange.route?.origins === "any") allowReading(response.headers, "*");
  else if (exchange.origin !== undefined) allowReading(response.headers, exchange.origin);
  return seal(exchange, response);
}

function seal(exchange: Exchange, response: Response): Response {
  const { headers } = response;
  headers.set("x-request-id", exchange.id);
  headers.set("x-content-type-options", "nosniff");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  return response;
}
