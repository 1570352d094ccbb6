/** Checks on the authorization servers that the metadata names (RFC 8414), from the view of a client that follows them. */

import { isObject } from "../../http/params.ts";
import { isSecureUrl } from "../../auth/fetch_json.ts";
import { cannotTell, fault, faultOf, PASS, skip } from "./check.ts";
import type { Check, Group } from "./check.ts";
import type { Context } from "./context.ts";
import { issuers, publishedKeys } from "./documents.ts";

type Metadata = Readonly<Record<string, unknown>>;

/** Looks at the metadata of each issuer that has any. */
async function eachIssuer(
  context: Context,
  look: (metadata: Metadata, name: string) => readonly string[],
) {
  const found = (await context.fact(issuers)).filter(({ metadata }) => metadata !== undefined);
  if (found.length === 0) throw cannotTell("no authorization server metadata was found");
  return faultOf(
    found.flatMap(({ name, metadata }) =>
      look(metadata!, name).map((seen) => found.length === 1 ? seen : `${name}: ${seen}`)
    ).map(context.show),
  );
}

const published: Check = {
  id: "issuer-metadata",
  title: "The authorization server publishes its metadata",
  rule: "RFC 8414 section 3; MCP 2026-07-28 Authorization Server Metadata Discovery",
  severity: "fail",
  remedy:
    "Serve /.well-known/oauth-authorization-server (the issuer's path behind it) as a JSON object.",
  async run(context) {
    const silent = (await context.fact(issuers)).filter(({ metadata }) => metadata === undefined);
    return faultOf(
      silent.map(({ name, silence }) => context.show(`${name}: ${silence ?? "nothing was found"}`)),
    );
  },
};

const name: Check = {
  id: "issuer-name",
  title: "`issuer` is the name under which it was found",
  rule: "RFC 8414 section 3.3",
  severity: "fail",
  remedy:
    "Make `issuer` and the entry in authorization_servers the same string; a slash at the end counts.",
  run: (context) =>
    eachIssuer(context, ({ issuer }, name) => issuer === name ? [] : [`issuer is ${text(issuer)}`]),
};

const https: Check = {
  id: "issuer-https",
  title: "The issuer and its endpoints are https URLs",
  rule: "RFC 8414 section 2; RFC 6749 section 3.1 and 3.2",
  severity: "fail",
  remedy: "Publish https URLs; an issuer has neither query nor fragment.",
  run: (context) =>
    eachIssuer(context, (metadata, name) => {
      const endpoints = ["authorization_endpoint", "token_endpoint", "jwks_uri", "issuer"]
        .filter((member) => metadata[member] !== undefined && !isSecureUrl(`${metadata[member]}`));
      return [
        ...endpoints.map((member) => `${member} is ${text(metadata[member])}`),
        ...(/[?#]/.test(name) ? ["the issuer has a query or fragment"] : []),
        ...(typeof metadata["token_endpoint"] === "string" ? [] : ["there is no token_endpoint"]),
      ];
    }),
};

const pkce: Check = {
  id: "issuer-pkce",
  title: "PKCE with S256 is offered",
  rule: "RFC 7636 section 4.2; MCP 2026-07-28 Authorization Code Protection",
  severity: "fail",
  remedy:
    'Publish "code_challenge_methods_supported": ["S256"]; without it clients must not go on.',
  run: (context) =>
    eachIssuer(context, (metadata) => {
      const methods = metadata["code_challenge_methods_supported"];
      if (!servesPeople(metadata) || includes(methods, "S256")) return [];
      return [`code_challenge_methods_supported is ${text(methods)}`];
    }),
};

const clientAuthentication: Check = {
  id: "issuer-auth-methods",
  title: "Clients learn how to authenticate",
  rule: "RFC 8414 section 2",
  severity: "warn",
  remedy:
    "Publish token_endpoint_auth_methods_supported, with the signing algorithms (never none) where assertions are taken.",
  run: (context) =>
    eachIssuer(context, (metadata) => {
      const methods = metadata["token_endpoint_auth_methods_supported"];
      const algorithms = metadata["token_endpoint_auth_signing_alg_values_supported"];
      if (!Array.isArray(methods) || methods.length === 0) {
        return [`token_endpoint_auth_methods_supported is ${text(methods)}`];
      }
      const asserts = includes(methods, "private_key_jwt") ||
        includes(methods, "client_secret_jwt");
      return [
        ...(asserts && !Array.isArray(algorithms) ? ["no algorithm for assertions is named"] : []),
        ...(includes(algorithms, "none") ? ["assertions may be unsigned"] : []),
      ];
    }),
};

const iss: Check = {
  id: "issuer-iss",
  title: "Authorization responses name their issuer",
  rule: "RFC 9207 section 2.4 and 3",
  severity: "warn",
  remedy:
    "Send iss with each authorization response and publish authorization_response_iss_parameter_supported: true.",
  run: (context) =>
    eachIssuer(context, (metadata) => {
      const supported = metadata["authorization_response_iss_parameter_supported"];
      if (!servesPeople(metadata) || supported === true) return [];
      return [`authorization_response_iss_parameter_supported is ${text(supported)}`];
    }),
};

const registration: Check = {
  id: "issuer-registration",
  title: "Clients that nobody has registered can get in",
  rule: "MCP 2026-07-28 Client Registration; RFC 7591",
  severity: "warn",
  remedy:
    "Offer client ID metadata documents or dynamic registration, or tell your users how clients are registered.",
  run: (context) =>
    eachIssuer(context, (metadata) => {
      const open = metadata["client_id_metadata_document_supported"] === true ||
        typeof metadata["registration_endpoint"] === "string";
      return open || !servesPeople(metadata) ? [] : ["neither is offered"];
    }),
};

const keys: Check = {
  id: "issuer-keys",
  title: "The published keys are public, asymmetric and strong",
  rule: "RFC 7517 section 4; RFC 7518 section 3.3; RFC 9068 section 2.1",
  severity: "fail",
  remedy: "Publish public RSA (2048 bits or more), EC or Ed25519 keys, and nothing else.",
  async run(context) {
    const found = await context.fact(publishedKeys);
    if (found.length === 0) return skip("the key set is empty");
    const faults = found.flatMap(faultOfKey);
    return faults.length > 0 ? fault([...new Set(faults)].join("; ")) : PASS;
  },
};

function faultOfKey(key: unknown): readonly string[] {
  if (!isObject(key)) return ["a key is no object"];
  if (key["kty"] === "oct" || "k" in key) return ["a symmetric key is published"];
  if ("d" in key) return ["A PRIVATE KEY IS PUBLISHED"];
  const { n } = key;
  // Base64url has 4 characters for 3 bytes.
  if (key["kty"] === "RSA" && typeof n === "string" && n.length < 2048 / 6) {
    return ["an RSA key is shorter than 2048 bits"];
  }
  return [];
}

/** Whether people authorize clients here; the grant is the default where no list says otherwise (RFC 8414 section 2). */
function servesPeople(metadata: Metadata): boolean {
  const grants = metadata["grant_types_supported"];
  return !Array.isArray(grants) || grants.includes("authorization_code");
}

function includes(list: unknown, item: string): boolean {
  return Array.isArray(list) && list.includes(item);
}

function text(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

export const authorizationServers: Group = {
  id: "issuer",
  title: "Authorization servers",
  checks: [published, name, https, pkce, clientAuthentication, iss, registration, keys],
};
