/** Faults in the documents of the server and of its issuer. */

import { answersWith, metadataWith, without } from "./changes.ts";
import type { Faults } from "./scene.ts";

const METADATA = "/.well-known/oauth-protected-resource";

export const documentsFaults: Faults = {
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
};
