/** Which web pages may call, and what a browser is told about it (WHATWG Fetch, section 3.3). */

import { AppError } from "../errors.ts";

/** Who may call a route from a browser: any page, or the configured origins. */
export type OriginPolicy = "any" | "allowed";

const REQUEST_HEADERS = new Set([
  "authorization",
  "content-type",
  "accept",
  "mcp-protocol-version",
  "mcp-method",
  "mcp-name",
  "dpop",
  "traceparent",
  "tracestate",
  "baggage",
  "mcp-session-id",
  "last-event-id",
]);
const PARAMETER_HEADER = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]+$/;
const EXPOSED = "WWW-Authenticate, DPoP-Nonce, Retry-After, RateLimit, RateLimit-Policy, " +
  "X-Request-Id, Mcp-Session-Id";
const MAX_REQUESTED_HEADERS = 64;

/**
 * Returns the allowed Origin of a request, or undefined for one that no browser page sent.
 *
 * @throws {AppError} `forbidden` for an Origin that is not listed, and for a cross-site request that hides its own.
 */
export function checkOrigin(headers: Headers, allowed: ReadonlySet<string>): string | undefined {
  const origin = headers.get("origin");
  if (origin !== null) {
    if (allowed.has(origin)) return origin;
    throw forbiddenOrigin("origin_not_allowed");
  }
  // Fetch metadata cannot be forged by a page, and a cross-site request without Origin is no client of ours.
  if (headers.get("sec-fetch-site") === "cross-site") throw forbiddenOrigin("cross_site");
  return undefined;
}

/** Whether a person followed a link: the answer goes to the window and no page can read it. */
export function isNavigation(request: Request): boolean {
  return request.method === "GET" && !request.headers.has("origin") &&
    request.headers.get("sec-fetch-mode") === "navigate";
}

export function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("origin") &&
    request.headers.has("access-control-request-method");
}

/** The headers that answer a preflight from an allowed origin; what is not on the list is not repeated. */
export function preflightHeaders(request: Request, methods: string, origin: string): Headers {
  const requested = (request.headers.get("access-control-request-headers") ?? "")
    .toLowerCase().split(",", MAX_REQUESTED_HEADERS).map((name) => name.trim())
    .filter((name) => PARAMETER_HEADER.test(name));
  const headers = new Headers({
    "access-control-allow-origin": origin,
    "access-control-allow-methods": methods,
    "access-control-allow-headers": [...REQUEST_HEADERS, ...requested].join(", "),
    "access-control-max-age": "600",
    "vary": "Origin, Access-Control-Request-Headers",
  });
  if (request.headers.get("access-control-request-private-network") === "true") {
    headers.set("access-control-allow-private-network", "true");
  }
  return headers;
}

/** Lets the page that sent a request read its answer, refusals included. */
export function allowReading(headers: Headers, origin: string): void {
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", EXPOSED);
  if (origin !== "*") headers.append("vary", "Origin");
}

function forbiddenOrigin(reason: string): AppError {
  return new AppError("forbidden", "Requests from that origin are not accepted", { reason });
}
