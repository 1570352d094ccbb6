/** What a client may say of itself, by dynamic registration (RFC 7591) or by a metadata document, and what is dropped. */

import { errors } from "./library.ts";
import type { ClientMetadata } from "./library.ts";

/** Registered clients that may exist at once. */
export const MAX_DYNAMIC_CLIENTS = 1000;

/** What a dynamic client may use, and what it gets where it does not say. */
export const GRANT_TYPES = ["authorization_code", "refresh_token"];
const MAX_METADATA_CHARACTERS = 8192;
const MAX_REDIRECT_URIS = 20;
const MAX_URI_CHARACTERS = 2048;
const MAX_NAME_CHARACTERS = 100;

/** Everything else (logos, policies, scopes, claims) has no use here, and what is not kept cannot hurt. */
const KEPT = new Set([
  "client_id",
  "client_id_issued_at",
  "client_secret",
  "client_secret_expires_at",
  "client_name",
  "redirect_uris",
  "grant_types",
  "response_types",
  "token_endpoint_auth_method",
  "token_endpoint_auth_signing_alg",
  "jwks",
  "dpop_bound_access_tokens",
]);

/** Schemes that run something or read something instead of opening an application. */
const FORBIDDEN_SCHEMES = new Set([
  "about:",
  "blob:",
  "chrome:",
  "data:",
  "file:",
  "filesystem:",
  "ftp:",
  "intent:",
  "javascript:",
  "mailto:",
  "ms-msdt:",
  "search-ms:",
  "shell:",
  "sms:",
  "tel:",
  "vbscript:",
  "view-source:",
  "ws:",
  "wss:",
]);

/**
 * Holds a client's metadata to our rules, in place; also on every later load, so that a stricter rule holds for old clients.
 *
 * @throws {LibraryError} `invalid_client_metadata` or `invalid_redirect_uri` (RFC 7591 section 3.2.2).
 */
export function acceptMetadata(metadata: ClientMetadata): void {
  if (JSON.stringify(metadata).length > MAX_METADATA_CHARACTERS) {
    throw new errors.InvalidClientMetadata("The client metadata is too large");
  }
  const isDocument = isDocumentClient(String(metadata["client_id"]));
  checkFetched(metadata, isDocument);
  metadata["grant_types"] = acceptGrantTypes(metadata["grant_types"], isDocument);
  metadata["redirect_uris"] = acceptRedirectUris(metadata["redirect_uris"]);
  metadata["client_name"] = acceptName(metadata["client_name"]);
  metadata["response_types"] = ["code"];
  // The library ignores the port of loopback redirects (RFC 8252 section 7.3) for native clients only, and clients such
  // as VS Code have both https and loopback redirects.
  metadata["application_type"] = "native";
  for (const member of Object.keys(metadata)) {
    const kept = KEPT.has(member) || member === "application_type" ||
      (member === "jwks_uri" && isDocument);
    if (!kept || metadata[member] === undefined) delete metadata[member];
  }
}

/** A client that is named by the address of its metadata document. */
export function isDocumentClient(clientId: string): boolean {
  return clientId.startsWith("https://");
}

/** Members whose URL the server would fetch: any of a registration, and all but the keys' of a document. */
function checkFetched(metadata: ClientMetadata, isDocument: boolean): void {
  if (metadata["sector_identifier_uri"] !== undefined) {
    throw new errors.InvalidClientMetadata("sector_identifier_uri is not supported");
  }
  if (metadata["jwks_uri"] === undefined) return;
  if (!isDocument) {
    throw new errors.InvalidClientMetadata("jwks_uri is not supported; send the keys as jwks");
  }
  const keys = typeof metadata["jwks_uri"] === "string" && URL.parse(metadata["jwks_uri"]);
  const document = new URL(String(metadata["client_id"]));
  if (!keys || keys.origin !== document.origin) {
    throw new errors.InvalidClientMetadata("jwks_uri must be on the host of the client_id");
  }
}

function acceptGrantTypes(value: unknown, isDocument: boolean): string[] {
  const asked = Array.isArray(value) ? value : [value];
  // A document is written for many servers; a registration is a request to this one and gets an answer.
  if (!isDocument && asked.includes("client_credentials")) {
    throw new errors.InvalidClientMetadata(
      "grant_types must not contain client_credentials; the operator adds such clients",
    );
  }
  const accepted = GRANT_TYPES.filter((type) => asked.includes(type));
  if (!accepted.includes("authorization_code")) {
    throw new errors.InvalidClientMetadata("grant_types must contain authorization_code");
  }
  return accepted;
}

function acceptRedirectUris(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_REDIRECT_URIS) {
    throw new errors.InvalidClientMetadata(
      `redirect_uris must be an array of 1 to ${MAX_REDIRECT_URIS} URIs`,
    );
  }
  for (const uri of value) {
    const fault = redirectUriFault(uri);
    if (fault) throw new errors.InvalidClientMetadata(`redirect_uris ${fault}`);
  }
  return [...value];
}

function redirectUriFault(uri: unknown): string | undefined {
  if (typeof uri !== "string" || uri.length > MAX_URI_CHARACTERS) {
    return `must be strings of at most ${MAX_URI_CHARACTERS} characters`;
  }
  const url = /^[\x21-\x7E]+$/.test(uri) && !uri.includes("\\") ? URL.parse(uri) : null;
  if (!url) return "must be absolute URIs of printable ASCII characters";
  if (uri.includes("#")) return "must not contain fragments";
  if (url.username !== "" || url.password !== "") return "must not contain user information";
  if (FORBIDDEN_SCHEMES.has(url.protocol)) return `must not use the scheme ${url.protocol}`;
  if (url.protocol === "http:" && !isLoopbackName(url.hostname)) {
    return "must be https, or http on localhost, 127.0.0.1 or [::1]";
  }
  return undefined;
}

/** The loopback names of RFC 8252 section 7.3. */
export function isLoopbackName(hostname: string): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}

/** A name is shown to a person: without control and direction characters, and not longer than a line. */
function acceptName(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") {
    throw new errors.InvalidClientMetadata("client_name must be a string");
  }
  const name = value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim();
  if (name.length > MAX_NAME_CHARACTERS) {
    throw new errors.InvalidClientMetadata(
      `client_name must have at most ${MAX_NAME_CHARACTERS} characters`,
    );
  }
  return name === "" ? undefined : name;
}
