/** Faults in which tokens are believed, and how they may be sent. */

import { believing, challengesWith, withHeaders } from "./changes.ts";
import type { Faults, Target } from "./scene.ts";

const bare = (request: Request) => !request.headers.has("authorization");

export function tokensFaults(target: Target): Faults {
  const valid = () => target.full;
  return {
    "token-accepted": [{
      status: "fail",
      seen: /invalid_token/,
      change: (request, next) =>
        next(bare(request) ? request : withHeaders(request, { authorization: "Bearer other" })),
    }],
    "token-garbage": [
      { status: "fail", seen: /200/, change: believing(valid, (_, raw) => raw === "doctor") },
    ],
    "token-error": [{
      status: "warn",
      seen: /error is absent/,
      change: challengesWith((challenge) => challenge.replace('error="invalid_token", ', "")),
    }],
    "token-unsigned": [
      {
        status: "fail",
        seen: /200/,
        change: believing(valid, ({ header }) => header.alg === "none"),
      },
    ],
    "token-hs256": [
      {
        status: "fail",
        seen: /200/,
        change: believing(valid, ({ header }) => header.alg === "HS256"),
      },
    ],
    "token-signature": [
      {
        status: "fail",
        seen: /200/,
        change: believing(
          valid,
          ({ claims }, raw) => claims.sub === "user-1" && raw !== target.full,
        ),
      },
      {
        status: "fail",
        seen: /200/,
        tokens: "none",
        change: believing(valid, ({ claims }) => claims.aud === target.url && claims.exp > 0),
      },
    ],
    "token-header-key": [
      {
        status: "fail",
        seen: /200/,
        change: believing(valid, ({ header }) => header.jwk?.kty === "EC"),
      },
    ],
    "token-expired": [{
      status: "fail",
      seen: /200/,
      change: believing(valid, ({ claims }) => claims.exp < Date.now() / 1000),
    }],
    "token-audience": [{
      status: "fail",
      seen: /200/,
      change: believing(valid, ({ claims }) => claims.aud === "https://doctor.invalid/mcp"),
    }],
    "token-issuer": [{
      status: "fail",
      seen: /200/,
      change: believing(valid, ({ claims }) => claims.iss === "https://doctor.invalid"),
    }],
    "token-changed-claims": [
      {
        status: "fail",
        seen: /200/,
        change: believing(valid, ({ claims }) => claims.sub === "doctor"),
      },
    ],
    "token-changed-signature": [{
      status: "fail",
      seen: /200/,
      change: believing(
        valid,
        (_, raw) => raw.slice(0, 200) === target.full.slice(0, 200) && raw !== target.low,
      ),
    }],
    "credential-joined": [{
      status: "fail",
      seen: /200/,
      change: (request, next) =>
        next(
          withHeaders(request, {
            authorization: request.headers.get("authorization")?.split(",")[0],
          }),
        ),
    }],
    "credential-twice": [{
      status: "fail",
      seen: /200/,
      change: (request, next) =>
        next(
          withHeaders(request, {
            authorization: request.headers.get("authorization")?.split(",")[0],
          }),
        ),
    }],
    "credential-trailing": [{
      status: "fail",
      seen: /200/,
      change: (request, next) =>
        next(
          withHeaders(request, {
            authorization: request.headers.get("authorization")?.split(" ").slice(0, 2).join(" "),
          }),
        ),
    }],
    "credential-query": [{
      status: "fail",
      seen: /200/,
      change: (request, next) => next(new Request(request.url.split("?")[0]!, request)),
    }],
    "credential-scheme-case": [{
      status: "warn",
      seen: /401/,
      change: (request, next) =>
        next(
          request.headers.get("authorization")?.startsWith("bearer ")
            ? withHeaders(request, { authorization: undefined })
            : request,
        ),
    }],
  };
}
