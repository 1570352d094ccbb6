/** A client that holds a key: access tokens bound to it, and proofs of any kind. */

import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { toJson } from "./generators_tokens.ts";
import type { Members } from "./generators_tokens.ts";

/** A client's key, a token that is bound to it, and what its proofs have to say. */
export interface Bench {
  readonly holder: Holder;
  readonly stranger: Holder;
  /** The resource, which `htu` names. */
  readonly url: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** A nonce of the server, where it demands one. */
  readonly nonce: string | undefined;
  /** Signs an access token; without claims one that is bound to the holder's key. */
  token(claims?: Members): string;
  /** A proof that is sound for a token but for its changes. */
  proof(token: string, changes?: ProofChanges): string;
}

export interface ProofChanges {
  readonly header?: Members;
  readonly claims?: Members;
  readonly by?: Holder;
  /** Changes the finished proof. */
  readonly text?: (proof: string) => string;
}

/** A key pair that proves possession. */
export interface Holder {
  readonly alg: string;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly privateJwk: Readonly<Record<string, unknown>>;
  /** RFC 7638. */
  readonly thumbprint: string;
  sign(input: string): string;
}

const KEYS = {
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};
const DIGESTS = { ES256: "sha256", ES384: "sha384", EdDSA: null, RS256: "sha256" } as const;
const THUMBPRINT_MEMBERS = ["crv", "e", "kty", "n", "x", "y"];

export function createHolder(alg: keyof typeof KEYS = "ES256"): Holder {
  const { publicKey, privateKey } = KEYS[alg]();
  const jwk = publicKey.export({ format: "jwk" }) as Record<string, unknown>;
  const named = THUMBPRINT_MEMBERS.filter((member) => member in jwk);
  return {
    alg,
    jwk,
    privateJwk: privateKey.export({ format: "jwk" }) as Record<string, unknown>,
    thumbprint: sha256(JSON.stringify(Object.fromEntries(named.map((name) => [name, jwk[name]])))),
    sign: (input) => signature(input, privateKey, DIGESTS[alg]),
  };
}

function signature(input: string, key: KeyObject, digest: string | null): string {
  return sign(digest, Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
}

export function sha256(text: string, encoding: "base64url" | "hex" = "base64url"): string {
  return createHash("sha256").update(text).digest(encoding);
}

export interface BenchOptions {
  readonly url: string;
  readonly now: () => number;
  readonly nonce?: string | undefined;
  readonly holder?: Holder;
  /** Signs an access token with these claims beside the usual ones. */
  readonly sign: (claims: Members) => string;
}

export function createBench(options: BenchOptions): Bench {
  const { holder = createHolder(), url, nonce } = options;
  const now = options.now();
  return {
    holder,
    stranger: createHolder(),
    url,
    now,
    nonce,
    token: (claims = { cnf: { jkt: holder.thumbprint } }) => options.sign(claims),
    proof(token, { header = {}, claims = {}, by = holder, text } = {}) {
      const input = [
        toJson({ typ: "dpop+jwt", alg: by.alg, jwk: by.jwk, ...header }),
        toJson({
          jti: crypto.randomUUID(),
          htm: "POST",
          htu: url,
          iat: now,
          ath: sha256(token),
          nonce,
          ...claims,
        }),
      ].map((part) => Buffer.from(part).toString("base64url")).join(".");
      const signed = `${input}.${by.sign(input)}`;
      return text ? text(signed) : signed;
    },
  };
}
