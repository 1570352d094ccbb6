/** Reads the private key of a client that authenticates with `private_key_jwt` (RFC 7523). */

import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import type { JsonWebKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { usageError } from "./command.ts";

/** A key with the name of its algorithm in a JWS header. */
export interface ClientKey {
  readonly key: CryptoKey;
  readonly alg: "ES256" | "EdDSA" | "RS256" | "PS256";
  readonly kid?: string;
}

const IMPORTS = {
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  EdDSA: { name: "Ed25519" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256" },
} as const;

const WANTED = "a private EC P-256, Ed25519 or RSA key as a JWK or as PEM without a passphrase";

/**
 * Reads a JWK, or PEM in any of its usual wrappings.
 *
 * @throws {AppError} `invalid_request` that says what the file should hold; never a part of the file.
 */
export async function readClientKey(path: string): Promise<ClientKey> {
  const text = await readFile(path, "utf8").catch(() => {
    throw usageError(`The private key ${path} cannot be read`);
  });
  try {
    const jwk = text.trimStart().startsWith("{") ? JSON.parse(text) as JsonWebKey : undefined;
    const key = createPrivateKey(jwk ? { key: jwk, format: "jwk" } : text);
    const alg = algorithmOf(jwk ?? key.export({ format: "jwk" }));
    // The detour over PKCS #8: no runtime but Node turns its key object into a CryptoKey.
    const der = key.export({ format: "der", type: "pkcs8" });
    const { kid } = jwk ?? {};
    return {
      key: await crypto.subtle.importKey("pkcs8", Buffer.from(der), IMPORTS[alg], false, ["sign"]),
      alg,
      ...(typeof kid === "string" ? { kid } : {}),
    };
  } catch {
    throw usageError(`The file ${path} is not ${WANTED}`);
  }
}

function algorithmOf({ kty, crv, alg, n }: JsonWebKey): ClientKey["alg"] {
  if (kty === "EC" && crv === "P-256") return "ES256";
  if (kty === "OKP" && crv === "Ed25519") return "EdDSA";
  if (kty === "RSA" && Buffer.from(n ?? "", "base64url").byteLength >= 256) {
    return alg === "PS256" ? "PS256" : "RS256";
  }
  throw new Error("not a key of these kinds");
}
