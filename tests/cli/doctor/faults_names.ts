/** Faults with web pages and with the names of the server. */

import { answering, answersWith, metadataWith, withHeaders } from "./changes.ts";
import type { Faults, Target } from "./scene.ts";

const isPost = (request: Request) => request.method === "POST";
const isPreflight = (request: Request) => request.method === "OPTIONS";

export function namesFaults(target: Target): Faults {
  return {
    "cors-preflight": [{
      status: "warn",
      seen: /401/,
      change: answering(isPreflight, () => new Response(null, { status: 401 })),
    }],
    "cors-headers": [{
      status: "warn",
      seen: /not allowed: authorization/,
      change: answersWith({ "access-control-allow-headers": "*" }, isPreflight),
    }],
    "cors-exposed": [{
      status: "warn",
      seen: /absent/,
      change: answersWith({ "access-control-expose-headers": undefined }),
    }],
    "origin-foreign": [
      {
        status: "fail",
        seen: /200/,
        change: (request, next) =>
          next(isPost(request) ? withHeaders(request, { origin: undefined }) : request),
      },
      {
        status: "warn",
        seen: /asked for a token before/,
        tokens: "none",
        change: (request, next) =>
          next(isPost(request) ? withHeaders(request, { origin: undefined }) : request),
      },
    ],
    "origin-null": [{
      status: "fail",
      seen: /200/,
      change: (request, next) =>
        next(
          request.headers.get("origin") === "null"
            ? withHeaders(request, { origin: undefined })
            : request,
        ),
    }],
    "cors-foreign": [
      {
        status: "fail",
        seen: /preflight: Access-Control-Allow-Origin https:\/\/doctor.invalid/,
        change: answersWith(
          { "access-control-allow-origin": "https://doctor.invalid" },
          isPreflight,
        ),
      },
      {
        status: "fail",
        seen: /POST: Access-Control-Allow-Origin \*/,
        change: answersWith({ "access-control-allow-origin": "*" }, isPost),
      },
    ],
    "cors-credentials": [{
      status: "fail",
      seen: /true/,
      change: answersWith({ "access-control-allow-credentials": "true" }),
    }],
    "host-foreign": [
      { status: "fail", seen: /200/, change: (request, next) => next(ownName(request, target)) },
      {
        status: "warn",
        seen: /asked for a token before/,
        tokens: "none",
        change: (request, next) => next(ownName(request, target)),
      },
    ],
    "host-userinfo": [
      { status: "fail", seen: /200/, change: (request, next) => next(ownName(request, target)) },
    ],
    "host-target": [
      { status: "warn", seen: /200/, change: (request, next) => next(ownName(request, target)) },
    ],
    "host-missing": [
      { status: "warn", seen: /401/, change: (request, next) => next(ownName(request, target)) },
    ],
    "host-forwarded": [{
      status: "fail",
      seen: /doctor.invalid/,
      change: (request, next) =>
        metadataWith((document) => ({
          ...document,
          resource: `https://${request.headers.get("x-forwarded-host")}/mcp`,
        }))(request, next),
    }],
  };
}

/** The request as if it had been sent to the server's own name. */
function ownName(request: Request, target: Target): Request {
  const { pathname, host, origin } = new URL(target.url);
  const path = /^[a-z]+:\/\/[^/]*(\/\.well-known[^?]*)/.exec(request.url)?.[1] ?? pathname;
  const headers = new Headers(request.headers);
  headers.set("host", host);
  return new Request(origin + path, { method: request.method, headers, body: request.body });
}
