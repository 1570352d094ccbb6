import { test } from "node:test";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { limitsWith } from "../support/limits.ts";
import {
  createPipeline,
  legacyRequest,
  modernBody,
  modernRequest,
  ORIGIN,
  PAGE_ORIGIN,
  readAnswer,
} from "../support/pipeline.ts";
import type { CallChanges, Pipeline } from "../support/pipeline.ts";

const PRM = `${ORIGIN}/.well-known/oauth-protected-resource/mcp`;

async function withPipeline(work: (pipeline: Pipeline) => Promise<void>, options = {}) {
  const pipeline = await createPipeline(options);
  try {
    await work(pipeline);
  } finally {
    await pipeline.close();
  }
}

/** What a refusal must look like, and what must not have happened. */
interface Refusal {
  readonly name: string;
  readonly request: (pipeline: Pipeline) => Promise<Request>;
  readonly status: number;
  readonly reason: string;
  /** Absent: no challenge at all. */
  readonly challenge?: string;
  readonly error?: string | number;
}

function call(changes: CallChanges): Refusal["request"] {
  return async ({ issuer }) => modernRequest(await issuer.token(), changes);
}

const bearer = (value: string | undefined) =>
  call({ headers: value === undefined ? { authorization: undefined } : { authorization: value } });

const REFUSALS: readonly Refusal[] = [
  {
    name: "no credential gets a bare challenge for what the call needs (R19, R22, H001)",
    request: () => Promise.resolve(modernRequest(undefined, { body: modernBody("purge", {}) })),
    status: 401,
    reason: "no_credential",
    challenge: `Bearer scope="org:write env:read", resource_metadata="${PRM}"`,
    error: "unauthorized",
  },
  {
    name: "no credential and no hint gets the baseline scopes (R22)",
    request: () => Promise.resolve(legacyRequest(undefined, "tools/list", {})),
    status: 401,
    reason: "no_credential",
    challenge: `Bearer scope="env:read org:read wks:read", resource_metadata="${PRM}"`,
    error: "unauthorized",
  },
  {
    name: "another scheme is no credential (R19, H003)",
    request: bearer("Basic dXNlcjpwdw=="),
    status: 401,
    reason: "no_credential",
    challenge: `Bearer scope="org:read", resource_metadata="${PRM}"`,
    error: "unauthorized",
  },
  {
    name: "a malformed credential is invalid_request (R16, H007)",
    request: async ({ issuer }) =>
      modernRequest(undefined, { headers: { authorization: `Bearer ${await issuer.token()} x` } }),
    status: 400,
    reason: "several_credentials",
    challenge: 'Bearer error="invalid_request", error_description="Send exactly one credential, ' +
      `in one Authorization header", resource_metadata="${PRM}"`,
    error: "invalid_request",
  },
  {
    name: "a token in the query is refused though the header is good (R15, H020)",
    request: call({ path: "/mcp?access_token=x" }),
    status: 400,
    reason: "query_token",
    challenge: 'Bearer error="invalid_request", error_description="Send the access token in the ' +
      `Authorization header only", resource_metadata="${PRM}"`,
    error: "invalid_request",
  },
  {
    name: "an expired token is invalid_token, with one description for every cause (R21)",
    request: async ({ issuer }) =>
      modernRequest(await issuer.token({ claims: { iat: 1000, exp: 1300 } })),
    status: 401,
    reason: "expired",
    challenge: 'Bearer error="invalid_token", error_description="The access token is invalid or ' +
      `expired", scope="org:read", resource_metadata="${PRM}"`,
    error: "invalid_token",
  },
  {
    name: "a token for another resource is refused (R28)",
    request: async ({ issuer }) =>
      modernRequest(await issuer.token({ claims: { aud: "https://other.example/mcp" } })),
    status: 401,
    reason: "aud_mismatch",
    challenge: 'Bearer error="invalid_token", error_description="The access token is invalid or ' +
      `expired", scope="org:read", resource_metadata="${PRM}"`,
    error: "invalid_token",
  },
  {
    name: "missing scopes are named, all that the call needs at once (R45, R46)",
    request: call({ body: modernBody("purge", {}) }),
    status: 403,
    reason: "insufficient_scope",
    challenge: 'Bearer error="insufficient_scope", error_description="The tool purge needs the ' +
      'scope org:write and env:read; the access token lacks org:write", ' +
      `scope="org:write env:read", resource_metadata="${PRM}"`,
    error: "insufficient_scope",
  },
  {
    name: "missing scopes are refused on the 2025 revisions too (R45)",
    request: async ({ issuer }) =>
      legacyRequest(await issuer.token(), "tools/call", { name: "purge", arguments: {} }),
    status: 403,
    reason: "insufficient_scope",
    challenge: 'Bearer error="insufficient_scope", error_description="The tool purge needs the ' +
      'scope org:write and env:read; the access token lacks org:write", ' +
      `scope="org:write env:read", resource_metadata="${PRM}"`,
    error: "insufficient_scope",
  },
  {
    name: "a header that names a weaker tool than the body does not help (H173)",
    request: call({ body: modernBody("purge", {}), headers: { "mcp-name": "add" } }),
    status: 400,
    reason: "header_mismatch",
    error: -32020,
  },
  {
    name: "a batch is refused (R74, H155)",
    request: call({ body: [modernBody("add", { a: 1, b: 2 })] }),
    status: 400,
    reason: "batch",
    error: -32600,
  },
  {
    name: "a batch of a 2025 revision is refused (R56, H155)",
    request: async ({ issuer }) =>
      legacyRequest(await issuer.token(), "", {}, {
        headers: { "mcp-protocol-version": "2025-03-26" },
        body: [{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "add" } }],
      }),
    status: 400,
    reason: "batch",
    error: -32600,
  },
  {
    name: "a posted response is refused (R74, H156)",
    request: call({ body: { jsonrpc: "2.0", id: 1, result: {} } }),
    status: 400,
    reason: "method",
    error: -32600,
  },
  {
    name: "a token in the body is refused (H023)",
    request: call({ body: { ...modernBody("add", { a: 1, b: 2 }), access_token: "x" } }),
    status: 400,
    reason: "member",
    error: -32600,
  },
  {
    name: "params that are no object are refused (H154)",
    request: call({ body: { jsonrpc: "2.0", id: 1, method: "tools/call", params: [] } }),
    status: 400,
    reason: "params",
    error: -32602,
  },
  {
    name: "an id of null is refused (R75, H151)",
    request: call({ body: { ...modernBody("add", {}), id: null } }),
    status: 400,
    reason: "id",
    error: -32600,
  },
  {
    name: "two equal names in one object are refused (H148)",
    request: call({
      rawBody: JSON.stringify(modernBody("add", { a: 1, b: 2 })).replace(
        '"name":"add"',
        '"name":"purge","name":"add"',
      ),
    }),
    status: 400,
    reason: "body_shape",
    error: -32600,
  },
  {
    name: "a name that reaches a prototype is refused, however it is spelled (H149)",
    request: call({
      rawBody: JSON.stringify(modernBody("add", { a: 1 })).replace(
        '"a":1',
        '"\\u005f_proto__":{"admin":true}',
      ),
    }),
    status: 400,
    reason: "body_shape",
    error: -32600,
  },
  {
    name: "deep nesting is refused (H145, H146)",
    request: call({ rawBody: "[".repeat(1000) + "]".repeat(1000) }),
    status: 400,
    reason: "body_shape",
    error: -32600,
  },
  {
    name: "what is not JSON is a parse error (H143)",
    request: call({ rawBody: "{" }),
    status: 400,
    reason: "body_syntax",
    error: -32700,
  },
  {
    name: "a byte order mark is a parse error (H097)",
    request: call({ rawBody: `\uFEFF${JSON.stringify(modernBody("add", { a: 1, b: 2 }))}` }),
    status: 400,
    reason: "body_syntax",
    error: -32700,
  },
  {
    name: "bytes that are not UTF-8 are a parse error (H098)",
    request: call({ rawBody: new Uint8Array([0x22, 0xC0, 0xAF, 0x22]) }),
    status: 400,
    reason: "body_encoding",
    error: -32700,
  },
  {
    name: "a form is refused (R17, R67, H022, H092)",
    request: call({
      rawBody: "access_token=x",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    }),
    status: 415,
    reason: "content_type",
    error: "unsupported_media_type",
  },
  {
    name: "another charset is refused (H094)",
    request: call({ headers: { "content-type": "application/json; charset=utf-16" } }),
    status: 415,
    reason: "content_type",
    error: "unsupported_media_type",
  },
  {
    name: "a content encoding is refused (H096)",
    request: call({ headers: { "content-encoding": "gzip" } }),
    status: 415,
    reason: "content_encoding",
    error: "unsupported_media_type",
  },
  {
    name: "a transfer coding that is left in the body is refused (H101)",
    request: call({ headers: { "transfer-encoding": "gzip, chunked" } }),
    status: 400,
    reason: "transfer_coding",
    error: "invalid_request",
  },
  {
    name: "a call that is a notification is refused, since nobody could learn of its result (H164)",
    request: call({ body: { ...modernBody("add", { a: 1, b: 2 }), id: undefined } }),
    status: 400,
    reason: "id",
    error: -32600,
  },
  {
    name: "a body over the limit is refused while it arrives (R80, H113)",
    request: call({ rawBody: JSON.stringify({ x: "x".repeat(300 * 1024) }) }),
    status: 413,
    reason: "payload_too_large",
    error: "payload_too_large",
  },
  {
    name: "a body that does not arrive is given up (R80, H114)",
    request: call({ rawBody: new ReadableStream() }),
    status: 408,
    reason: "request_timeout",
    error: "request_timeout",
  },
  {
    name: "a Host that is not ours is refused without an echo (R64, H118)",
    request: call({ headers: { host: "evil.example" } }),
    status: 403,
    reason: "host_not_allowed",
    error: "forbidden",
  },
  {
    name: "a Host that a URL parser would read as ours is refused (H121)",
    request: call({ headers: { host: "evil.com@localhost:8000" } }),
    status: 403,
    reason: "host_not_allowed",
    error: "forbidden",
  },
  {
    name: "a request line with another host is refused (H126)",
    request: call({ headers: { host: "127.0.0.1:8000" } }),
    status: 403,
    reason: "target_mismatch",
    error: "forbidden",
  },
  {
    name: "an Origin that is not listed is refused (R63, H129)",
    request: call({ headers: { origin: "http://evil.example" } }),
    status: 403,
    reason: "origin_not_allowed",
    error: "forbidden",
  },
  {
    name: "the Origin null is refused (H130)",
    request: call({ headers: { origin: "null" } }),
    status: 403,
    reason: "origin_not_allowed",
    error: "forbidden",
  },
  {
    name: "an allowed host with another port or scheme is another Origin (H132)",
    request: call({ headers: { origin: "https://localhost:8000" } }),
    status: 403,
    reason: "origin_not_allowed",
    error: "forbidden",
  },
  {
    name: "a cross-site request without Origin is refused (H133)",
    request: call({ headers: { "sec-fetch-site": "cross-site" } }),
    status: 403,
    reason: "cross_site",
    error: "forbidden",
  },
  ...["/mcp/", "//mcp", "/MCP", "/%6dcp", "/mcp;x", "/mcp?", "/metrics", "/.env"].map((path) => ({
    name: `there is nothing at ${path} (H140, H141)`,
    request: call({ path }),
    status: 404,
    reason: "not_found",
    error: "not_found",
  })),
  {
    name: "an unknown revision is named with those that are spoken (R71)",
    request: async ({ issuer }) =>
      legacyRequest(await issuer.token(), "tools/list", {}, {
        headers: { "mcp-protocol-version": "1999-01-01" },
      }),
    status: 400,
    reason: "revision",
    error: -32022,
  },
  {
    name: "GET with a token is not allowed (R66, H142)",
    request: call({ method: "GET" }),
    status: 405,
    reason: "method_not_allowed",
    error: "method_not_allowed",
  },
  {
    name: "GET with a session id and no token is unauthorized (R14, H142)",
    request: call({
      method: "GET",
      headers: { "authorization": undefined, "mcp-session-id": "x", "mcp-name": undefined },
    }),
    status: 401,
    reason: "no_credential",
    challenge: `Bearer scope="env:read org:read wks:read", resource_metadata="${PRM}"`,
    error: "unauthorized",
  },
];

for (const refusal of REFUSALS) {
  test(`handler: ${refusal.name}`, () =>
    withPipeline(async (pipeline) => {
      const request = await refusal.request(pipeline);
      const secret = request.headers.get("authorization")?.split(".")[2] ?? "no token";
      const response = await pipeline.handler(request, "127.0.0.1");
      const text = await response.text();
      const body = JSON.parse(text);
      assertEquals(response.status, refusal.status, text);
      assertEquals(response.headers.get("www-authenticate") ?? undefined, refusal.challenge);
      assertEquals(body.error?.code ?? body.error, refusal.error);
      assertEquals(response.headers.get("cache-control"), "no-store");
      const requestId = body.request_id ?? body.error.data.request_id;
      assertEquals(requestId, response.headers.get("x-request-id"));

      assertEquals(pipeline.runs.size, 0, "no tool ran");
      assertEquals(pipeline.records.length, 1, "one record");
      assertEquals(pipeline.records[0]!.reason, refusal.reason);
      assertEquals(pipeline.records[0]!.request!.id, requestId);
      assertEquals(pipeline.records[0]!.decision, "deny");
      assert(text.length < 2048);
      assertFalse(text.includes("evil"), "nothing is echoed");
      assertFalse(text.includes(secret) || JSON.stringify(pipeline.records).includes(secret));
      assertEquals(pipeline.unexpected, []);

      const next = await pipeline.handler(
        modernRequest(await pipeline.issuer.token()),
        "127.0.0.1",
      );
      assertEquals(next.status, 200, "the next valid call succeeds");
      await next.body?.cancel();
    }));
}

test("handler: an insufficient_scope body tells a model all it needs (R54)", () =>
  withPipeline(async ({ handler, issuer }) => {
    const response = await handler(
      modernRequest(await issuer.token(), { body: modernBody("purge", {}) }),
      "127.0.0.1",
    );
    const { request_id, ...body } = await response.json();
    assertMatch(request_id, /^[0-9a-f-]{36}$/);
    assertEquals(body, {
      error: "insufficient_scope",
      error_description:
        "The tool purge needs the scope org:write and env:read; the access token " +
        "lacks org:write",
      scope: "org:write env:read",
      tool: "purge",
      required_scopes: ["org:write", "env:read"],
      missing_scopes: ["org:write"],
      resource_metadata: PRM,
    });
  }));

test("handler: a write scope opens the reading it implies (R48)", () =>
  withPipeline(async ({ handler, issuer, runs }) => {
    const token = await issuer.token({ claims: { scope: "org:write" } });
    const response = await handler(modernRequest(token), "127.0.0.1");
    assertEquals(response.status, 200);
    assertEquals(runs.get("add"), 1);
  }));

test("handler: keys that cannot be had are our fault, not the token's (R23)", () =>
  withPipeline(async ({ handler, records }) => {
    const response = await handler(modernRequest("a.b.c"), "127.0.0.1");
    const body = await response.json();
    assertEquals(response.status, 503);
    assertEquals(response.headers.get("retry-after"), "5");
    assertEquals(response.headers.get("www-authenticate"), null);
    assertEquals(body.error, "temporarily_unavailable");
    assertEquals(records[0]!.decision, "fail");
  }, {
    deps: {
      authenticator: {
        async authenticate() {
          const { AppError } = await import("../../errors.ts");
          throw new AppError("unavailable", "Try again later", { retryAfterSeconds: 5 });
        },
      },
    },
  }));

test("handler: metadata is the same at both URLs, for any origin, per loopback name (R1-R3, R6, R8, R10)", () =>
  withPipeline(async ({ handler }) => {
    const paths = [
      "/.well-known/oauth-protected-resource",
      "/.well-known/oauth-protected-resource/mcp",
    ];
    for (const path of paths) {
      const response = await handler(
        modernRequest(undefined, {
          method: "GET",
          path,
          headers: { origin: "http://evil.example", "x-forwarded-host": "evil.example" },
        }),
        "127.0.0.1",
      );
      assertEquals(response.status, 200);
      assertEquals(response.headers.get("access-control-allow-origin"), "*");
      assertEquals(response.headers.get("cache-control"), "public, max-age=3600");
      assertEquals(await response.json(), {
        resource: `${ORIGIN}/mcp`,
        authorization_servers: ["https://issuer.example"],
        scopes_supported: ["env:read", "org:read", "wks:read"],
        bearer_methods_supported: ["header"],
        resource_name: "gatehouse",
      });
      const posted = await handler(modernRequest(undefined, { path }), "127.0.0.1");
      assertEquals(posted.status, 405);
      assertEquals(posted.headers.get("allow"), "GET, HEAD, OPTIONS");
    }
    const byAddress = new Request("http://127.0.0.1:8000/.well-known/oauth-protected-resource", {
      headers: { host: "127.0.0.1:8000" },
    });
    const { resource } = await (await handler(byAddress, "127.0.0.1")).json();
    assertEquals(resource, "http://127.0.0.1:8000/mcp");
    const other = await handler(
      modernRequest(undefined, { method: "GET", path: `${paths[0]}/other` }),
      "127.0.0.1",
    );
    assertEquals(other.status, 404);
  }));

test("handler: a preflight is answered before authentication, for allowed origins only (R88, H134-H137)", () =>
  withPipeline(async ({ handler }) => {
    const preflight = (origin: string, headers: Record<string, string> = {}) =>
      handler(
        modernRequest(undefined, {
          method: "OPTIONS",
          headers: {
            origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization, x-evil, mcp-param-region",
            ...headers,
          },
        }),
        "127.0.0.1",
      );
    const allowed = await preflight(PAGE_ORIGIN);
    assertEquals(allowed.status, 204);
    assertEquals(allowed.headers.get("access-control-allow-origin"), PAGE_ORIGIN);
    assertEquals(allowed.headers.get("access-control-allow-methods"), "POST");
    const names = allowed.headers.get("access-control-allow-headers")!.split(", ");
    assert(names.includes("authorization") && names.includes("mcp-param-region"));
    assertFalse(names.includes("x-evil"));
    assertEquals(allowed.headers.get("access-control-allow-credentials"), null);
    assertStringIncludes(allowed.headers.get("vary")!, "Origin");
    for (const origin of ["http://evil.example", "null"]) {
      const refused = await preflight(origin);
      assertEquals(refused.status, 403);
      assertEquals(refused.headers.get("access-control-allow-origin"), null);
    }
  }));

test("handler: a page may read a refusal (R89, H138)", () =>
  withPipeline(async ({ handler }) => {
    const response = await handler(
      modernRequest(undefined, { headers: { origin: PAGE_ORIGIN } }),
      "127.0.0.1",
    );
    assertEquals(response.status, 401);
    assertEquals(response.headers.get("access-control-allow-origin"), PAGE_ORIGIN);
    assertStringIncludes(
      response.headers.get("access-control-expose-headers")!,
      "WWW-Authenticate",
    );
  }));

test("handler: a person may follow a link from another site to a page, not to /mcp (H133)", () =>
  withPipeline(async ({ handler, issuer }) => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    const visit = (changes: CallChanges) =>
      handler(modernRequest(undefined, { method: "GET", headers, ...changes }), "127.0.0.1");
    assertEquals((await visit({ path: "/" })).status, 200);
    assertEquals((await visit({ path: "/mcp" })).status, 403);
    assertEquals(
      (await visit({ path: "/", headers: { ...headers, "sec-fetch-mode": "cors" } })).status,
      403,
    );
    assertEquals(
      (await visit({ path: "/", headers: { ...headers, origin: "http://evil.example" } })).status,
      403,
    );
    assertEquals(
      (await handler(modernRequest(await issuer.token(), { headers }), "::1")).status,
      403,
    );
  }));

test("handler: HEAD answers as GET without a body", () =>
  withPipeline(async ({ handler }) => {
    for (const path of ["/", "/healthz", "/.well-known/oauth-protected-resource"]) {
      const response = await handler(modernRequest(undefined, { method: "HEAD", path }), "::1");
      assertEquals(response.status, 200);
      assertEquals(await response.text(), "");
    }
  }));

test("handler: what a stage did not foresee is an internal error without its text", () =>
  withPipeline(async ({ handler, records, unexpected }) => {
    const response = await handler(modernRequest("a.b.c"), "127.0.0.1");
    const text = await response.text();
    assertEquals(response.status, 500);
    assertFalse(text.includes("hunter2"));
    assertEquals(records[0]!.reason, "unexpected");
    assertEquals(unexpected.length, 1);
  }, {
    deps: {
      authenticator: {
        authenticate: () => Promise.reject(new Error("postgres://admin:hunter2@db")),
      },
    },
  }));

test("handler: a client over its rate is told when to come back (R81)", async () => {
  await withPipeline(async ({ handler, issuer, runs, records }) => {
    const token = await issuer.token();
    const statuses = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await handler(modernRequest(token), "127.0.0.1");
      statuses.push(response.status);
      if (response.status === 429) {
        assertMatch(response.headers.get("retry-after")!, /^[1-9]\d*$/);
        const body = await response.json();
        assertEquals([body.error, body.limit], ["rate_limited", "client"]);
      } else await readAnswer(response);
    }
    assertEquals(statuses, [200, 200, 429]);
    assertEquals(runs.get("add"), 2);
    assertEquals(records.at(-1)!.reason, "rate_limited_client");
  }, {
    deps: { limits: limitsWith({ client: { points: 2, seconds: 60 } }) },
  });
});
