/** What oauth4webapi says about the same tokens and proofs, and where it may differ from us. */

import * as oauth from "oauth4webapi";
import type { Presented } from "./dpop_case.ts";
import type { Forge } from "./generators_tokens.ts";

/** Whether the other implementation lets a request in; it knows neither replays nor nonces. */
export async function oracleAccepts(
  forge: Forge,
  { authorization, proofs }: Presented,
): Promise<boolean> {
  const headers = new Headers({ authorization });
  for (const proof of proofs) headers.append("dpop", proof);
  const server = { issuer: forge.issuer, jwks_uri: `${forge.issuer}/jwks` };
  try {
    await oauth.validateJwtAccessToken(
      server,
      new Request(forge.audience, { method: "POST", headers }),
      forge.audience,
      {
        signingAlgorithms: [forge.alg, "ES256", "EdDSA"],
        [oauth.customFetch]: () => Promise.resolve(Response.json(forge.jwks)),
        [oauth.allowInsecureRequests]: true,
      },
    );
    return true;
  } catch {
    return false;
  }
}

const NO_FOREIGN_KEYS =
  "RFC 8725 section 3.10: only jwk may lead to the key, so what else might is refused";
const BOUNDED = "a proof of more than 4096 characters is refused before it is decoded";
const PART_OF_HTU = "RFC 9449 section 4.2: htu is without query and fragment";
const IDENTIFIER = "RFC 9449 section 4.2: a unique identifier; bounded, since it is kept";

/** Cases that we refuse and they let in, with the reason; there is none the other way round. */
export const OURS_STRICTER: ReadonlyMap<string, string> = new Map([
  ["H214 jku there", NO_FOREIGN_KEYS],
  ["H214 x5u there", NO_FOREIGN_KEYS],
  ["H214 x5c there", NO_FOREIGN_KEYS],
  ["H215 5 KB", BOUNDED],
  ["H215 64 KB", BOUNDED],
  ["H207 htu with a query", PART_OF_HTU],
  ["H207 htu with an empty query", PART_OF_HTU],
  ["H207 htu with a fragment", PART_OF_HTU],
  ["H209 jti empty", IDENTIFIER],
  ["H209 jti of 300 characters", IDENTIFIER],
  ["H209 jti of 10 KB", IDENTIFIER],
]);
