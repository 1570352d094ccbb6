import { test } from "node:test";
import { checkResourceAllowed } from "@modelcontextprotocol/client";
import { assert, assertEquals, assertFalse, assertMatch } from "@std/assert";
import { DPOP_ALGORITHMS } from "../../auth/dpop.ts";
import { protectedResource } from "../../auth/metadata.ts";
import { createPipeline, modernBody, modernRequest, ORIGIN } from "../support/pipeline.ts";
import type { CallChanges, Pipeline } from "../support/pipeline.ts";
import { startIssuer, startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const RESOURCE = {
  origin: "https://mcp.example.com",
  path: "/mcp",
  name: "gatehouse",
  authorizationServers: ["https://login.example.com/"],
  scopes: ["org:read"],
};

async function withPipeline(work: (pipeline: Pipeline) => Promise<void>): Promise<void> {
  const pipeline = await createPipeline();
  try {
    await work(pipeline);
  } finally {
    await pipeline.close();
  }
}

async function withServer(
  work: (server: RunningServer) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const server = await startServer({ env });
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

test("metadata: the document is JSON and says what its URL promises (R1-R3)", () => {
  const { resource, metadataUrl, metadata } = protectedResource(RESOURCE);
  assertEquals(resource, "https://mcp.example.com/mcp");
  assertEquals(metadataUrl, `https://mcp.example.com${WELL_KNOWN}/mcp`);
  assertEquals(JSON.parse(metadata), {
    resource,
    authorization_servers: ["https://login.example.com/"],
    scopes_supported: ["org:read"],
    bearer_methods_supported: ["header"],
    resource_name: "gatehouse",
  });
});

test("metadata: a member without a value is left out (R5)", () => {
  const { metadata } = protectedResource({ ...RESOURCE, scopes: [] });
  assertFalse("scopes_supported" in JSON.parse(metadata));
});

test("metadata: DPoP is described where it is on, and only there (R7)", () => {
  const plain = JSON.parse(protectedResource(RESOURCE).metadata);
  assertEquals(plain.bearer_methods_supported, ["header"]);
  assertEquals(plain.resource_name, "gatehouse");
  assertEquals(Object.keys(plain).filter((name) => name.startsWith("dpop")), []);
  for (const required of [true, false]) {
    const dpop = { algorithms: DPOP_ALGORITHMS, required };
    const bound = JSON.parse(protectedResource({ ...RESOURCE, dpop }).metadata);
    assertEquals(bound.dpop_bound_access_tokens_required, required);
    assertEquals(bound.dpop_signing_alg_values_supported, ["ES256", "EdDSA", "Ed25519"]);
  }
});

test("metadata: it leads to an issuer that calls itself the same, for each name of the server (R1, R3, R4)", () =>
  withServer(async ({ port, app }) => {
    for (const name of ["localhost", "127.0.0.1"]) {
      const endpoint = `http://${name}:${port}/mcp`;
      const refused = await fetch(endpoint, { method: "POST" });
      await refused.body?.cancel();
      assertEquals(refused.status, 401);
      const url = /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate")!)![1]!;
      const response = await fetch(url);
      assertMatch(response.headers.get("content-type")!, /^application\/json/);
      const metadata = await response.json();
      assertEquals(metadata.resource, endpoint);
      assert(checkResourceAllowed({
        requestedResource: endpoint,
        configuredResource: metadata.resource,
      }));
      assertEquals(metadata.authorization_servers, app.issuers);
      const [issuer] = metadata.authorization_servers;
      const found = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
      assertEquals((await found.json()).issuer, issuer);
    }
  }));

test("metadata: the embedded issuer's own is mirrored, an external one's is not (R12)", async () => {
  const path = "/.well-known/oauth-authorization-server";
  await withServer(async ({ url, app }) => {
    const mirrored = await fetch(url + path, { headers: { origin: "https://app.example.com" } });
    assertEquals(mirrored.status, 200);
    assertEquals(mirrored.headers.get("access-control-allow-origin"), "*");
    assertEquals(await mirrored.json(), await (await fetch(app.issuers[0] + path)).json());
  });
  const issuer = await startIssuer("http://localhost:1/mcp");
  try {
    await withServer(async ({ url }) => {
      const response = await fetch(url + path);
      assertEquals([response.status, (await response.json()).error], [404, "not_found"]);
    }, { GATEHOUSE_ISSUER: issuer.issuer, GATEHOUSE_JWKS_URI: issuer.jwksUri });
  } finally {
    await issuer.stop();
  }
});

const DOCUMENTS = ["/", "/healthz", WELL_KNOWN, `${WELL_KNOWN}/mcp`];

test("public documents: other methods than GET, HEAD and OPTIONS are 405 with Allow (R9)", () =>
  withPipeline(async ({ handler, issuer }) => {
    const token = await issuer.token();
    for (const path of DOCUMENTS) {
      for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
        const response = await handler(modernRequest(token, { path, method }), "::1");
        const body = await response.json();
        assertEquals([response.status, body.error], [405, "method_not_allowed"], path);
        assertEquals(response.headers.get("allow"), "GET, HEAD, OPTIONS");
        assertEquals(response.headers.get("www-authenticate"), null);
      }
      const asked = await handler(modernRequest(undefined, { path, method: "OPTIONS" }), "::1");
      assertEquals([asked.status, asked.headers.get("allow")], [204, "GET, HEAD, OPTIONS"]);
    }
  }));

test("metadata: any page may read it without credentials, but under our name only (R10)", () =>
  withPipeline(async ({ handler }) => {
    const get = (path: string, headers: Record<string, string>) =>
      handler(modernRequest(undefined, { method: "GET", path, headers }), "::1");
    for (const path of [WELL_KNOWN, `${WELL_KNOWN}/mcp`]) {
      for (const origin of ["https://app.example.com", "http://evil.example", "null"]) {
        const response = await get(path, { origin, "sec-fetch-site": "cross-site" });
        assertEquals(response.status, 200);
        assertEquals(response.headers.get("access-control-allow-origin"), "*");
        assertEquals(response.headers.get("access-control-allow-credentials"), null);
        assertEquals(response.headers.get("cache-control"), "public, max-age=3600");
        await response.body?.cancel();
      }
      const refused = await get(path, { host: "evil.example", origin: "http://evil.example" });
      assertEquals(refused.status, 403);
      assertEquals(refused.headers.get("access-control-allow-origin"), null);
      assertFalse((await refused.text()).includes("evil"));
    }
  }));

test("metadata and challenge: nothing in them comes from the request (R13, H128)", () =>
  withPipeline(async ({ handler }) => {
    const forwarded = {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      "x-forwarded-port": "666",
      "x-original-host": "evil.example",
      "x-host": "evil.example",
      "forwarded": "host=evil.example;proto=https",
      "via": "1.1 evil.example",
    };
    const answers: string[] = [];
    const requests: CallChanges[] = [
      { method: "GET", path: WELL_KNOWN },
      { method: "GET", path: `${WELL_KNOWN}/mcp` },
      { method: "GET", path: "/mcp" },
      { body: modernBody("purge", {}) },
    ];
    for (const headers of [{}, forwarded]) {
      const seen: string[] = [];
      for (const changes of requests) {
        const request = modernRequest(undefined, { ...changes, headers });
        const response = await handler(request, "::1");
        const text = (await response.text()).replace(/"request_id":"[^"]+"/, "");
        seen.push(`${response.status} ${response.headers.get("www-authenticate")} ${text}`);
        assertFalse(JSON.stringify([...response.headers]).includes("evil"));
      }
      answers.push(seen.join("\n"));
    }
    assertEquals(answers[1], answers[0]);
    assertFalse(answers[1]!.includes("evil"));
    assert(answers[1]!.includes(`resource_metadata="${ORIGIN}${WELL_KNOWN}/mcp"`));
  }));
