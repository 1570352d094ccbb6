/** Makes access tokens that no server may take: signed with a key of this run, with another key, or not at all. */

import { Buffer } from "node:buffer";
import { createHmac, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import { parseObject } from "./event_stream.ts";

/** What is known of the server's true tokens. */
export interface Model {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly header: Readonly<Record<string, unknown>>;
}

export interface Forger {
  /** A token with the right claims but for the changes, signed with the forger's own key. */
  sign(changes?: Changes): string;
  /** The claims with `alg` none and no signature (RFC 7519 section 6). */
  unsigned(): string;
  /** The claims under HMAC with a public key as the secret, which is known to everybody. */
  withPublicKey(secret: string): string;
  /** The own public key, for a header that offers it. */
  readonly publicKey: JsonWebKey;
}

export interface Changes {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** Builds a forger; it signs with the algorithm that the model's header names, where it has that. */
export function createForger(model: Model): Forger {
  const { alg, keys, digest } = keysFor(model.header["alg"]);
  const { alg: _, ...header } = model.header;
  const compact = (
    algorithm: string,
    changes: Changes,
    seal: (input: string) => string,
  ): string => {
    const input = `${encode({ ...header, alg: algorithm, ...changes.header })}.${
      encode({ ...model.claims, ...changes.claims })
    }`;
    return `${input}.${seal(input)}`;
  };
  return {
    publicKey: keys.publicKey.export({ format: "jwk" }),
    sign: (changes = {}) =>
      compact(
        alg,
        changes,
        (input) =>
          sign(digest, Buffer.from(input), { key: keys.privateKey, dsaEncoding: "ieee-p1363" })
            .toString("base64url"),
      ),
    unsigned: () => compact("none", {}, () => ""),
    withPublicKey: (secret) =>
      compact(
        "HS256",
        {},
        (input) => createHmac("sha256", secret).update(input).digest("base64url"),
      ),
  };
}

function keysFor(alg: unknown) {
  switch (alg) {
    case "RS256":
      return { alg, keys: generateKeyPairSync("rsa", { modulusLength: 2048 }), digest: "sha256" };
    case "EdDSA":
    case "Ed25519":
      return { alg, keys: generateKeyPairSync("ed25519"), digest: null };
    default:
      return {
        alg: "ES256",
        keys: generateKeyPairSync("ec", { namedCurve: "P-256" }),
        digest: "sha256",
      };
  }
}

/** The forms in which careless code holds a public key, each of them a possible HMAC secret. */
export function secretsOf(jwk: JsonWebKey): readonly string[] {
  try {
    const pem = createPublicKey({ key: jwk, format: "jwk" })
      .export({ type: "spki", format: "pem" }).toString();
    return [pem, pem.trimEnd()];
  } catch {
    return [];
  }
}

/** Header and claims of a token, unverified; undefined for one that is no signed JWT. */
export function decodeToken(token: string): Model | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  const [header, claims] = parts.map((part) =>
    parseObject(Buffer.from(part, "base64url").toString("utf8"))
  );
  return header && claims ? { header, claims } : undefined;
}

/** The token with one claim changed under the old signature. */
export function withOtherClaims(token: string): string | undefined {
  const model = decodeToken(token);
  if (model === undefined) return undefined;
  const [header, , signature] = token.split(".");
  return `${header}.${encode({ ...model.claims, sub: "doctor" })}.${signature}`;
}

/** The token with one character of its signature changed, or of its middle where it is opaque. */
export function withOtherSignature(token: string): string {
  // The last characters of a signature hold bits that decode to nothing.
  const at = token.lastIndexOf(".") + 1 + Math.floor((token.length - token.lastIndexOf(".")) / 2);
  const other = token[at] === "A" ? "B" : "A";
  return token.slice(0, at) + other + token.slice(at + 1);
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
