/** Keys of the issuers and of attackers, made once in each run, and signatures of any kind with them. */

import { Buffer } from "node:buffer";
import { constants, createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** A key in JSON, with members that no key should have too. */
export type Jwk = Readonly<Record<string, unknown>>;

export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  /** What the issuer publishes. */
  readonly jwk: Jwk;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** Signs the first two parts of a JWT; base64url. */
  sign(input: string): string;
}

const PAIRS = {
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  RS256weak: () => generateKeyPairSync("rsa", { modulusLength: 1024 }),
} as const;

const DIGESTS: Readonly<Record<string, string>> = {
  ES256: "sha256",
  ES384: "sha384",
  RS256: "sha256",
};

function createKey(kind: keyof typeof PAIRS, kid: string): SigningKey {
  const { publicKey, privateKey } = PAIRS[kind]();
  const alg = kind.slice(0, 5);
  return {
    alg,
    kid,
    publicKey,
    privateKey,
    jwk: { ...publicKey.export({ format: "jwk" }) as Jwk, kid, alg, use: "sig" },
    sign: (input) =>
      sign(DIGESTS[alg] ?? null, Buffer.from(input), {
        key: privateKey,
        dsaEncoding: "ieee-p1363",
        padding: constants.RSA_PKCS1_PADDING,
      }).toString("base64url"),
  };
}

/** The keys by what they are for. */
export const KEYS = {
  main: createKey("ES256", "main-1"),
  second: createKey("ES256", "second-1"),
  next: createKey("ES256", "next-1"),
  attacker: createKey("ES256", "main-1"),
  es384: createKey("ES384", "main-1"),
  ed25519: createKey("EdDSA", "main-1"),
  rsa: createKey("RS256", "rsa-1"),
  weak: createKey("RS256weak", "weak-1"),
} as const;

/**
 * An RSA key of 2048 bits with the exponent 1, under which anybody can sign: the signature is the padded digest itself
 * (RFC 8017 section 9.2).
 */
export const EXPONENT_ONE = {
  jwk: {
    kty: "RSA",
    kid: "one-1",
    alg: "RS256",
    use: "sig",
    n: modulus(1),
    e: "AQ",
  },
  sign(input: string): string {
    const info = Buffer.from("3031300d060960864801650304020105000420", "hex");
    const digest = Buffer.concat([info, createHash("sha256").update(input).digest()]);
    const padding = Buffer.alloc(256 - digest.length - 3, 0xFF);
    return Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), digest])
      .toString("base64url");
  },
};

/** A key whose modulus is even, so that it has a known factor. */
export const EVEN_MODULUS: Jwk = {
  kty: "RSA",
  kid: "rsa-1",
  alg: "RS256",
  use: "sig",
  n: modulus(0),
  e: "AQAB",
};

function modulus(lowestBit: 0 | 1): string {
  const bytes = randomBytes(256);
  bytes[0]! |= 0xC0;
  bytes[255] = (bytes[255]! & 0xFE) | lowestBit;
  return bytes.toString("base64url");
}
