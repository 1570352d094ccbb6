/** One trusted issuer: its rules, its keys, and how its tokens are used. */

import type { ClaimRules } from "./claims.ts";
import type { IntrospectedToken } from "./introspection.ts";
import type { KeySource } from "./jwks.ts";

/** Everything about an issuer that verification needs; no part of it is shared with another issuer. */
export interface Issuer extends ClaimRules {
  /** Asymmetric JWS algorithms (RFC 7518 section 3.1, RFC 8037). */
  readonly algorithms: readonly string[];
  readonly keys: KeySource;
  readonly dpop: DpopPolicy;
  /** Answers about opaque tokens (RFC 7662), where this issuer has them. */
  readonly introspect?: (token: string, now: number) => Promise<IntrospectedToken>;
}

/** Whether tokens are bound to a key of the client (RFC 9449), and whether proofs carry a nonce of ours. */
export interface DpopPolicy {
  readonly mode: "off" | "optional" | "required";
  readonly nonce: boolean;
}
