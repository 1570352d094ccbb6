/** For each check of an endpoint a fault that it must find, injected into our own server. */

import {
  answering,
  answersWith,
  believing,
  challengesWith,
  metadataWith,
  resultOf,
  rewriting,
  rpcError,
  rpcResult,
  withHeaders,
  without,
} from "./changes.ts";
import type { Loose } from "./changes.ts";
import type { Fault, Target } from "./scene.ts";

export interface FaultCase extends Fault {
  readonly status: "warn" | "fail";
  /** What the finding has to say. */
  readonly seen: RegExp;
  /** Without it both tokens are given. */
  readonly tokens?: "none";
}

const METADATA = "/.well-known/oauth-protected-resource";
const LARGE = 2 ** 26;
const isPost = (request: Request) => request.method === "POST";
const isPreflight = (request: Request) => request.method === "OPTIONS";
const bare = (request: Request) => !request.headers.has("authorization");
const oneTool = (change: (tool: Loose) => Loose) =>
  resultOf("tools/list", (result) => ({
    ...result,
    tools: result.tools.map((tool: Loose, index: number) => index === 0 ? change(tool) : tool),
  }));
const ok = () => rpcResult();

/** By the id of the check; some have several faults. */
export function faultsOf(target: Target): Readonly<Record<string, readonly FaultCase[]>> {
  const valid = () => target.full;
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
      change: async (request, next) =>
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
    "metadata-path": [{ status: "fail", seen: /404/, change: without(`${METADATA}/mcp`) }],
    "metadata-root": [
      { status: "warn", seen: /404/, change: without(METADATA) },
      {
        status: "warn",
        seen: /about https:\/\/other/,
        change: metadataWith(
          (document) => ({ ...document, resource: "https://other.example" }),
          "resource",
        ),
      },
    ],
    "metadata-type": [{
      status: "fail",
      seen: /text\/plain/,
      change: answersWith({ "content-type": "text/plain" }, ({ method }) => method === "GET"),
    }],
    "metadata-resource": [{
      status: "fail",
      seen: /mcp\/ instead of/,
      change: metadataWith((document) => ({ ...document, resource: `${document.resource}/` })),
    }],
    "metadata-servers": [
      {
        status: "fail",
        seen: /absent/,
        change: metadataWith(({ authorization_servers: _, ...document }) => document),
      },
      {
        status: "fail",
        seen: /no https URL/,
        change: metadataWith((document) => ({
          ...document,
          authorization_servers: ["http://issuer.example"],
        })),
      },
    ],
    "metadata-no-empty": [{
      status: "fail",
      seen: /resource_signing/,
      change: metadataWith((document) => ({
        ...document,
        resource_signing_alg_values_supported: [],
      })),
    }],
    "metadata-scopes": [{
      status: "warn",
      seen: /offline_access is listed/,
      change: metadataWith((document) => ({ ...document, scopes_supported: ["offline_access"] })),
    }],
    "metadata-bearer-methods": [{
      status: "warn",
      seen: /query/,
      change: metadataWith((document) => ({
        ...document,
        bearer_methods_supported: ["header", "query"],
      })),
    }],
    "metadata-cors": [{
      status: "warn",
      seen: /absent/,
      change: answersWith({ "access-control-allow-origin": undefined }),
    }],
    "issuer-metadata": [{
      status: "fail",
      seen: /nothing was found/,
      change: metadataWith((document) => ({
        ...document,
        authorization_servers: [`${document.authorization_servers[0]}/other`],
      })),
    }],
    "issuer-name": [
      { status: "fail", seen: /issuer is/, issuer: { issuer: "https://other.example" } },
    ],
    "issuer-https": [{
      status: "fail",
      seen: /token_endpoint is/,
      issuer: { token_endpoint: "http://issuer.example/token" },
    }],
    "issuer-pkce": [
      { status: "fail", seen: /absent/, issuer: { code_challenge_methods_supported: undefined } },
      { status: "fail", seen: /plain/, issuer: { code_challenge_methods_supported: ["plain"] } },
    ],
    "issuer-auth-methods": [
      {
        status: "warn",
        seen: /absent/,
        issuer: { token_endpoint_auth_methods_supported: undefined },
      },
      {
        status: "warn",
        seen: /unsigned/,
        issuer: { token_endpoint_auth_signing_alg_values_supported: ["none"] },
      },
    ],
    "issuer-iss": [{
      status: "warn",
      seen: /absent/,
      issuer: { authorization_response_iss_parameter_supported: undefined },
    }],
    "issuer-registration": [
      { status: "warn", seen: /neither/, issuer: { registration_endpoint: undefined } },
    ],
    "issuer-keys": [
      { status: "fail", seen: /symmetric/, keys: [{ kty: "oct", k: "AAAA" }] },
      { status: "fail", seen: /PRIVATE KEY/, keys: [{ kty: "EC", d: "AAAA" }] },
      { status: "fail", seen: /2048/, keys: [{ kty: "RSA", e: "AQAB", n: "A".repeat(172) }] },
    ],
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
    "era-any": [{
      status: "fail",
      seen: /neither/,
      change: answering((request) => !bare(request), () => rpcError(-32601)),
    }],
    "era-modern": [{
      status: "warn",
      seen: /-32601/,
      change: answering(
        (request, body) => !bare(request) && body.includes("server/discover"),
        () => rpcError(-32601),
      ),
    }],
    "era-legacy": [{
      status: "warn",
      seen: /-32601/,
      change: answering(
        (request, body) => !bare(request) && body.includes('"initialize"'),
        () => rpcError(-32601),
      ),
    }],
    "era-unknown": [{
      status: "warn",
      seen: /-32000/,
      change: answering((_, body) => body.includes("2099-01-01"), () => rpcError(-32000, 400)),
    }],
    "header-method": [{
      status: "fail",
      seen: /200/,
      change: rewriting(
        (request, body) => !bare(request) && body.includes("tools/list"),
        (body) => body,
        { "mcp-method": "tools/list" },
      ),
    }],
    "header-version": [{
      status: "fail",
      seen: /200/,
      change: rewriting((request) => !bare(request), (body) => body, {
        "mcp-protocol-version": "2026-07-28",
      }),
    }],
    "header-name": [{
      status: "fail",
      seen: /-32602/,
      change: rewriting(
        (_, body) => body.includes("doctor_no_such_tool"),
        (body) => body,
        { "mcp-name": "doctor_no_such_tool" },
      ),
    }],
    "header-missing": [{
      status: "warn",
      seen: /200/,
      change: rewriting(
        (request, body) => !bare(request) && body.includes("tools/list"),
        (body) => body,
        { "mcp-method": "tools/list" },
      ),
    }],
    "message-batch": [{
      status: "fail",
      seen: /200/,
      change: rewriting(
        (_, body) => body.startsWith("["),
        (body) => JSON.stringify(JSON.parse(body)[0]),
      ),
    }],
    "message-content-type": [{
      status: "fail",
      seen: /200/,
      change: rewriting(() => true, (body) => body, { "content-type": "application/json" }),
    }],
    "message-charset": [{
      status: "warn",
      seen: /200/,
      change: rewriting(() => true, (body) => body, { "content-type": "application/json" }),
    }],
    "message-encoding": [{
      status: "warn",
      seen: /200/,
      change: rewriting(() => true, (body) => body, { "content-encoding": undefined }),
    }],
    "message-size": [{
      status: "warn",
      seen: /200/,
      change: (request, next) =>
        Number(request.headers.get("content-length")) > LARGE ? ok() : next(request),
    }],
    "message-malformed": [{
      status: "fail",
      seen: /500/,
      change: answering(
        (request, body) => !bare(request) && body.endsWith(","),
        () => rpcError(-32603, 500),
      ),
    }],
    "message-duplicate-keys": [{
      status: "warn",
      seen: /200/,
      change: rewriting(
        (_, body) => body.includes('"id":2,"id":1'),
        (body) => JSON.stringify(JSON.parse(body)),
      ),
    }],
    "message-unknown-method": [{
      status: "warn",
      seen: /with a result/,
      change: answering((_, body) => body.includes("doctor/unknown"), ok),
    }],
    "message-get": [{
      status: "warn",
      seen: /200/,
      change: (request, next) =>
        request.method === "GET" && !bare(request) ? new Response("<h1>") : next(request),
    }],
    "message-delete": [{
      status: "warn",
      seen: /200/,
      change: (request, next) =>
        request.method === "DELETE" && !bare(request) ? new Response("") : next(request),
    }],
    "tools-list": [{
      status: "fail",
      seen: /1 of/,
      change: oneTool(({ inputSchema: _, ...tool }) => tool),
    }],
    "tools-names": [
      { status: "fail", seen: /refuse/, change: oneTool((tool) => ({ ...tool, name: "a b" })) },
      { status: "fail", seen: /twice/, change: oneTool((tool) => ({ ...tool, name: "whoami" })) },
    ],
    "tools-schemas": [{
      status: "fail",
      seen: /anyOf at its root/,
      change: oneTool((tool) => ({ ...tool, inputSchema: { type: "object", anyOf: [] } })),
    }],
    "tools-format": [
      {
        status: "warn",
        seen: /uses format/,
        change: oneTool((tool) => withProperty(tool, { format: "uri" })),
      },
      {
        status: "warn",
        seen: /another document/,
        change: oneTool((tool) => withProperty(tool, { $ref: "https://x.example/" })),
      },
    ],
    "tools-descriptions": [
      {
        status: "warn",
        seen: /has none/,
        change: oneTool((tool) => ({ ...tool, description: "" })),
      },
      {
        status: "warn",
        seen: /hidden/,
        change: oneTool((tool) => ({ ...tool, description: "Lists things\u{e0041}\u200b" })),
      },
    ],
    "tools-annotations": [
      {
        status: "warn",
        seen: /no annotations/,
        change: oneTool(({ annotations: _, ...tool }) => tool),
      },
      {
        status: "warn",
        seen: /reads only and destroys/,
        change: oneTool((tool) => ({
          ...tool,
          annotations: { readOnlyHint: true, destructiveHint: true },
        })),
      },
    ],
    "tools-cache": [
      {
        status: "fail",
        seen: /ttlMs absent/,
        change: resultOf("tools/list", ({ ttlMs: _, ...result }) => result),
      },
      {
        status: "fail",
        seen: /two lists/,
        change: resultOf("tools/list", ({ tools, ...result }, token) => ({
          ...result,
          cacheScope: "public",
          tools: token.includes(target.low) ? tools.slice(1) : tools,
        })),
      },
    ],
    "tools-unknown": [
      {
        status: "fail",
        seen: /constructor answered 200/,
        change: answering((request) => request.headers.get("mcp-name") === "constructor", ok),
      },
      {
        status: "warn",
        seen: /-32000/,
        change: answering(
          (request) => request.headers.get("mcp-name") === "constructor",
          () => rpcError(-32000),
        ),
      },
    ],
    "calls-results": [
      {
        status: "warn",
        seen: /256 KiB/,
        change: resultOf("tools/call", (result) => ({ ...result, padding: "x".repeat(300_000) })),
      },
      {
        status: "warn",
        seen: /no structuredContent/,
        change: resultOf("tools/call", ({ structuredContent: _, ...result }) => result),
      },
    ],
    "calls-errors": [{
      status: "fail",
      seen: /connection string/,
      change: resultOf("tools/call", () => ({
        isError: true,
        content: [{ type: "text", text: "cannot reach postgres://admin:hunter2@db/main" }],
      })),
    }],
    "calls-scope": [
      {
        status: "fail",
        seen: /a result instead of 403/,
        change: answering(
          (request) =>
            request.headers.has("mcp-name") &&
            request.headers.get("authorization") === `Bearer ${target.low}`,
          () =>
            rpcResult({ isError: true, content: [{ type: "text", text: "Insufficient scope" }] }),
        ),
      },
      {
        status: "fail",
        seen: /403 with/,
        change: challengesWith((challenge) => challenge.replace(/ scope="[^"]*",/, "")),
      },
    ],
    "leak-errors": [{
      status: "fail",
      seen: /a stack trace/,
      change: answering(
        isPost,
        () => new Response("Error: x\n    at run (/srv/app/server.js:12:3)", { status: 401 }),
      ),
    }],
    "leak-tokens": [{
      status: "fail",
      seen: /the token/,
      change: async (request, next) => {
        const header = request.headers.get("authorization");
        const response = await next(request);
        if (header === null) return response;
        const headers = new Headers(response.headers);
        headers.set("x-debug", header);
        return new Response(response.body, { status: response.status, headers });
      },
    }],
    "leak-versions": [
      { status: "warn", seen: /nginx\/1.18.0/, change: answersWith({ server: "nginx/1.18.0" }) },
    ],
    "leak-echo": [{
      status: "warn",
      seen: /the name/,
      change: answering(
        (request) => request.headers.get("origin") === "https://doctor.invalid",
        () => new Response("Invalid Origin: https://doctor.invalid", { status: 403 }),
      ),
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

function withProperty(tool: Loose, property: unknown): Loose {
  return { ...tool, inputSchema: { ...tool.inputSchema, properties: { added: property } } };
}
