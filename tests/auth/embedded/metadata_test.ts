/** What everybody may read, under which name, and what browsers may do with it (R90, R91, H260). */

import { request } from "node:http";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { OTHER_RESOURCE, RESOURCE, withServer } from "./support.ts";

const METADATA_PATHS = [
  "/.well-known/oauth-authorization-server",
  "/.well-known/openid-configuration",
];

test("the metadata says what is there, under both names (R91)", () =>
  withServer({}, async ({ issuer, server }) => {
    for (const path of METADATA_PATHS) {
      const response = await fetch(issuer + path);
      assertEquals(response.status, 200);
      assertEquals(response.headers.get("content-type"), "application/json");
      assertEquals(response.headers.get("access-control-allow-origin"), "*");
      const metadata = await response.json();
      assertEquals(metadata, await server.metadata());
      assertEquals(metadata, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        registration_endpoint: `${issuer}/register`,
        revocation_endpoint: `${issuer}/oauth/revoke`,
        jwks_uri: `${issuer}/jwks`,
        grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
        response_types_supported: ["code"],
        response_modes_supported: ["query", "fragment", "form_post"],
        code_challenge_methods_supported: ["S256"],
        scopes_supported: [
          "access:read",
          "access:write",
          "audit:all",
          "audit:read",
          "env:read",
          "env:write",
          "org:read",
          "org:write",
          "wks:read",
          "wks:write",
          "offline_access",
        ],
        token_endpoint_auth_methods_supported: [
          "none",
          "client_secret_basic",
          "client_secret_post",
          "private_key_jwt",
        ],
        token_endpoint_auth_signing_alg_values_supported: [
          "ES256",
          "Ed25519",
          "EdDSA",
          "PS256",
          "RS256",
        ],
        revocation_endpoint_auth_methods_supported: [
          "none",
          "client_secret_basic",
          "client_secret_post",
          "private_key_jwt",
        ],
        revocation_endpoint_auth_signing_alg_values_supported: [
          "ES256",
          "Ed25519",
          "EdDSA",
          "PS256",
          "RS256",
        ],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        protected_resources: [RESOURCE, OTHER_RESOURCE],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
      });
    }
  }));

test("the key set has public members only", () =>
  withServer({}, async ({ issuer, server, keys }) => {
    const response = await fetch(`${issuer}/jwks`);
    assertEquals(response.status, 200);
    const published = await response.json();
    for (const set of [published, server.jwks]) {
      assertEquals(set.keys.length, 1);
      const [{ kty, crv, alg, use, kid, ...rest }] = set.keys;
      assertEquals({ kty, crv, alg, use }, { kty: "EC", crv: "P-256", alg: "ES256", use: "sig" });
      assertEquals(kid, keys.signingKeys[0]?.kid);
      assertEquals(Object.keys(rest).sort(), ["x", "y"]);
    }
  }));

test("programs in any page may call, but not open the authorization endpoint (R90)", () =>
  withServer({}, async ({ issuer, register }) => {
    const origin = "https://app.example.com";
    for (const path of [...METADATA_PATHS, "/jwks", "/token", "/register", "/oauth/revoke"]) {
      const preflight = await fetch(issuer + path, {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization, content-type",
        },
      });
      assertEquals(preflight.status, 204, path);
      assertEquals(preflight.headers.get("access-control-allow-origin"), "*");
      assertMatch(preflight.headers.get("access-control-allow-headers") ?? "", /authorization/);
      assertEquals(preflight.headers.get("access-control-allow-credentials"), null);
      const method = preflight.headers.get("access-control-allow-methods")?.split(", ")[0] ?? "";
      const answer = await fetch(issuer + path, { method, headers: { origin } });
      assertEquals(answer.headers.get("access-control-allow-origin"), "*", path);
      assertEquals(answer.headers.get("access-control-allow-credentials"), null);
      await answer.body?.cancel();
    }
    const { client_id } = await register();
    for (const path of [`/authorize?client_id=${client_id}`, `/interaction/${"a".repeat(21)}`]) {
      for (const method of ["GET", "OPTIONS"]) {
        const answer = await fetch(issuer + path, {
          method,
          headers: { origin },
          redirect: "manual",
        });
        assertEquals(answer.headers.get("access-control-allow-origin"), null, path);
        await answer.body?.cancel();
      }
    }
  }));

test("an unknown path or method is refused without the library's own pages", () =>
  withServer({}, async ({ issuer }) => {
    const refusals: [string, string, number][] = [
      ["GET", "/", 404],
      ["GET", "/me", 404],
      ["GET", "/session/end", 404],
      ["GET", "/TOKEN", 404],
      ["GET", "/token/", 404],
      ["GET", "/register/dyn_1", 404],
      ["GET", "/token", 405],
      ["DELETE", "/register", 405],
      ["POST", "/authorize", 405],
      ["PUT", "/.well-known/oauth-authorization-server", 405],
    ];
    for (const [method, path, status] of refusals) {
      const response = await fetch(issuer + path, { method });
      assertEquals(response.status, status, `${method} ${path}`);
      assertEquals(response.headers.get("cache-control"), "no-store");
      assertEquals(response.headers.has("allow"), status === 405);
      await response.body?.cancel();
    }
  }));

test("on loopback the server answers under its own name only, against DNS rebinding", () =>
  withServer({}, async ({ issuer, server }) => {
    const port = String(server.port);
    for (
      const [host, status] of [
        [`localhost:${port}`, 200],
        [`LOCALHOST:${port}`, 200],
        [`evil.example:${port}`, 421],
        ["localhost", 421],
        [`localhost.evil.example:${port}`, 421],
        [`user@localhost:${port}`, 421],
      ] as const
    ) {
      const answer = await raw(server.port, METADATA_PATHS[0] ?? "", { host });
      assertEquals(answer.status, status, host);
      assert(!answer.text.includes("evil.example"));
    }
    const forwarded = await raw(server.port, "/authorize?client_id=x", {
      host: `localhost:${port}`,
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      "x-forwarded-for": "8.8.8.8",
    });
    assert(!forwarded.text.includes("evil.example"));
    assertEquals(issuer, `http://localhost:${port}`);
  }));

/** fetch() does not let a caller choose the Host header everywhere. */
function raw(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, path, headers, agent: false },
      (incoming) => {
        let text = JSON.stringify(incoming.headers);
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => text += chunk);
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, text }));
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}
