/** An authorization server's signing side for tests: keys made on the spot, tokens valid but for what a test changes. */

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { CryptoKey, JWK } from "jose";

export interface TokenChanges {
  /** Replaces claims; `undefined` removes one. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: CryptoKey;
}

export interface TestIssuer {
  readonly issuer: string;
  readonly jwks: { keys: JWK[] };
  readonly privateKey: CryptoKey;
  readonly kid: string;
  /** Signs a token that is valid for five minutes from `now()`. */
  token(changes?: TokenChanges): Promise<string>;
}

export interface TestIssuerOptions {
  readonly issuer?: string;
  readonly audience?: string;
  readonly scope?: string;
  readonly alg?: string;
  readonly now?: () => Date;
}

export const AUDIENCE = "http://localhost:8000/mcp";

export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const {
    issuer = "https://issuer.example",
    audience = AUDIENCE,
    scope = "env:read org:read",
    alg = "ES256",
    now = () => new Date(),
  } = options;
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = crypto.randomUUID();
  const jwk = { ...await exportJWK(publicKey), kid, alg, use: "sig" };
  return {
    issuer,
    jwks: { keys: [jwk] },
    privateKey,
    kid,
    token(changes = {}) {
      const time = Math.floor(now().getTime() / 1000);
      const claims = withoutUndefined({
        iss: issuer,
        aud: audience,
        sub: "user-1",
        client_id: "client-1",
        iat: time,
        exp: time + 300,
        jti: crypto.randomUUID(),
        scope,
        ...changes.claims,
      });
      const header = withoutUndefined({ alg, typ: "at+jwt", kid, ...changes.header });
      return new SignJWT(claims).setProtectedHeader(header as never)
        .sign(changes.key ?? privateKey);
    },
  };
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
