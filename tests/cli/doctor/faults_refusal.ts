/** Faults in what a client without a token gets. */

import {
  answering,
  answersWith,
  challengesWith,
  metadataWith,
  rpcError,
  withHeaders,
} from "./changes.ts";
import type { Faults, Target } from "./scene.ts";

const LARGE = 2 ** 26;
const bare = (request: Request) => !request.headers.has("authorization");

export function refusalFaults(target: Target): Faults {
  const letIn = (request: Request) =>
    withHeaders(request, { authorization: `Bearer ${target.full}` });
  return {
    "auth-required": [{
      status: "fail",
      seen: /initialize answered 200/,
      tokens: "none",
      change: (request, next) =>
        next(request.headers.has("mcp-method") || !bare(request) ? request : letIn(request)),
    }, {
      status: "fail",
      seen: /^only calls ask for a token; initialize answered 200/,
      tokens: "none",
      change: (request, next) =>
        next(
          bare(request) && request.headers.get("mcp-method") !== "tools/call"
            ? letIn(request)
            : request,
        ),
    }, {
      status: "fail",
      seen: /^NO AUTHENTICATION/,
      tokens: "none",
      change: (request, next) => next(bare(request) ? letIn(request) : request),
    }],
    "auth-every-method": [{
      status: "fail",
      seen: /GET answered 200/,
      change: (request, next) => request.method === "GET" ? new Response("") : next(request),
    }],
    "auth-session": [{
      status: "fail",
      seen: /tools\/list answered 200/,
      change: (request, next) =>
        next(request.headers.has("mcp-session-id") ? letIn(request) : request),
    }],
    "auth-before-body": [{
      status: "warn",
      seen: /400/,
      change: answering((_, body) => body === '{"jsonrpc":', () => rpcError(-32700, 400)),
    }],
    "auth-large-body": [{
      status: "warn",
      seen: /No answer/,
      change: async (request, next) => {
        if (Number(request.headers.get("content-length")) < LARGE) return next(request);
        await request.arrayBuffer().catch(() => {});
        return new Response(null, { status: 500 });
      },
    }],
    "challenge-bearer": [
      { status: "fail", seen: /absent/, change: answersWith({ "www-authenticate": undefined }) },
      {
        status: "fail",
        seen: /is Basic/,
        change: challengesWith((challenge) => `Basic realm="x", ${challenge}`),
      },
    ],
    "challenge-no-error": [{
      status: "warn",
      seen: /invalid_token/,
      change: challengesWith((challenge) => `${challenge}, error="invalid_token"`),
    }],
    "challenge-metadata": [
      {
        status: "fail",
        seen: /no resource_metadata/,
        change: challengesWith((challenge) => challenge.replace(/, resource_metadata="[^"]*"/, "")),
      },
      {
        status: "fail",
        seen: /no absolute https URL/,
        change: challengesWith((challenge) => challenge.replace(/http:\/\/[^/]+/, "")),
      },
    ],
    "challenge-document": [{
      status: "fail",
      seen: /differ/,
      change: async (request, next) => {
        const spoil = challengesWith((challenge) => challenge.replace('/mcp"', '"'));
        const rename = metadataWith(
          (document) => ({ ...document, resource_name: "b" }),
          "resource",
        );
        return await spoil(request, (changed) => Promise.resolve(rename(changed, next)));
      },
    }],
    "challenge-scope": [{
      status: "warn",
      seen: /no scope/,
      change: challengesWith((challenge) => challenge.replace(/ scope="[^"]*",/, "")),
    }],
    "refusal-json": [{
      status: "warn",
      seen: /401 text\/plain/,
      change: async (request, next) => {
        const response = await next(request);
        if (response.status !== 401) return response;
        const challenge = response.headers.get("www-authenticate")!;
        return new Response("No", { status: 401, headers: { "www-authenticate": challenge } });
      },
    }],
    "refusal-no-store": [
      { status: "warn", seen: /absent/, change: answersWith({ "cache-control": undefined }) },
    ],
    "refusal-nosniff": [
      {
        status: "warn",
        seen: /absent/,
        change: answersWith({ "x-content-type-options": undefined }),
      },
    ],
  };
}
