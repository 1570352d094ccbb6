/** Operator clients: how one is made, how its secret is kept and compared, and how the library sees it. */

import type { JWK } from "jose";
import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { AppError } from "../../errors.ts";
import type { RegisteredClient } from "../../store/authorization.ts";
import type { ScopePolicy } from "../scopes.ts";
import type { ClientMetadata } from "./library.ts";

export interface NewClient {
  readonly name: string;
  /** The ceiling of what the client may ask for. */
  readonly scopes: readonly string[];
  /** Public keys (RFC 7517); with them the client authenticates with `private_key_jwt` and has no secret. */
  readonly jwks?: { readonly keys: readonly Record<string, unknown>[] };
}

/**
 * Makes a client that may use the client credentials grant; the secret is returned once and only its hash is kept.
 *
 * @throws {AppError} `invalid_input` for an empty name, no or unknown scopes, and keys that are not public signing keys.
 */
export function createClient(
  input: NewClient,
  options: { readonly now: () => Date; readonly policy: ScopePolicy },
): { client: RegisteredClient; clientSecret?: string } {
  const name = input.name.trim();
  if (!/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u.test(name)) {
    throw new AppError("invalid_input", "Give the client a name of 1 to 100 printable characters");
  }
  const scopes = [...new Set(input.scopes)];
  const unknown = scopes.filter((scope) => !options.policy.definitions.has(scope));
  if (unknown.length > 0) {
    throw new AppError("invalid_input", `Unknown scopes: ${unknown.join(" ")}`, {
      details: { unknown, known: [...options.policy.definitions.keys()] },
    });
  }
  if (scopes.length === 0) throw new AppError("invalid_input", "Give the client a scope or more");

  const client = {
    clientId: `m2m_${randomBytes(12).toString("hex")}`,
    name,
    scopes,
    createTime: options.now().toISOString(),
  };
  if (input.jwks) return { client: { ...client, jwks: publicKeys(input.jwks) } };
  const clientSecret = randomBytes(32).toString("base64url");
  return { client: { ...client, secretHash: hashSecret(clientSecret) }, clientSecret };
}

/** Hex SHA-256. Secrets are 256 random bits, so a slow hash would add nothing. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Compares a presented secret with a kept hash in constant time. */
export function secretMatches(secretHash: string, presented: string): boolean {
  const actual = Buffer.from(hashSecret(presented));
  const expected = Buffer.from(secretHash);
  return actual.byteLength === expected.byteLength && timingSafeEqual(actual, expected);
}

/** The metadata under which the library knows an operator client: the client credentials grant and nothing else. */
export function operatorMetadata(client: RegisteredClient): ClientMetadata {
  return {
    client_id: client.clientId,
    client_name: client.name,
    grant_types: ["client_credentials"],
    response_types: [],
    redirect_uris: [],
    registered_scopes: client.scopes,
    ...(client.jwks
      ? { token_endpoint_auth_method: "private_key_jwt", jwks: client.jwks }
      // The library wants a secret to compare with; ours compares hashes (provider.ts).
      : { token_endpoint_auth_method: "client_secret_basic", client_secret: client.secretHash }),
  };
}

const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

function publicKeys(jwks: NonNullable<NewClient["jwks"]>): { keys: Record<string, unknown>[] } {
  const keys = Array.isArray(jwks.keys) ? jwks.keys : [];
  if (keys.length === 0 || keys.length > 10 || !keys.every(isPublicSigningKey)) {
    throw new AppError(
      "invalid_input",
      "Give 1 to 10 public signing keys as a JWK set: EC P-256, OKP Ed25519, or RSA of 2048 bits or more, without private members",
    );
  }
  return { keys: keys.map((key) => ({ ...key })) };
}

function isPublicSigningKey(key: JWK): boolean {
  if (typeof key !== "object" || key === null || (key.use ?? "sig") !== "sig") return false;
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member))) return false;
  if (key.kty === "EC") return key.crv === "P-256" && isText(key.x) && isText(key.y);
  if (key.kty === "OKP") return key.crv === "Ed25519" && isText(key.x);
  return key.kty === "RSA" && isText(key.e) && isText(key.n) &&
    Buffer.from(key.n, "base64url").byteLength >= 256;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
