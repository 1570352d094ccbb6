/** Our side of the token generators: the verifier and the authenticator as `serve` builds them, and the comparison. */

import { AppError } from "../../errors.ts";
import { createProofVerifier } from "../../auth/dpop.ts";
import { staticKeys } from "../../auth/jwks.ts";
import { protectedResource } from "../../auth/metadata.ts";
import { createAuthenticator } from "../../auth/mod.ts";
import { ISSUER_PROFILES } from "../../auth/profiles.ts";
import { fixedRevocations } from "../../auth/revocation.ts";
import { createTokenVerifier, DEFAULT_CACHE } from "../../auth/token_verifier.ts";
import type { TokenVerifier } from "../../auth/token_verifier.ts";
import { boundaryCells, cellsOf, entryOf, matrixOf, partsOf } from "./generators_jwt_matrix.ts";
import type { MatrixEntry } from "./generators_jwt_matrix.ts";
import {
  createOracle,
  DISAGREEMENTS,
  explanationOf,
  randomCandidates,
  spelledCandidates,
} from "./generators_oracle.ts";
import type { Candidate } from "./generators_oracle.ts";
import { createForge } from "./generators_tokens.ts";
import type { Forge } from "./generators_tokens.ts";

export const NOW = 1_800_000_000;

/** An issuer whose clock stands still, for a resource with the letter k in its host. */
export function stillForge(): Forge {
  return createForge({
    issuer: "https://issuer.example",
    audience: "https://mcp.kiosk.example/mcp",
    now: () => NOW,
  });
}

/** The verifier as `serve` builds it for an external issuer. */
export function verifierOf({ issuer, audience, jwks, alg }: Forge): TokenVerifier {
  return createTokenVerifier({
    cache: DEFAULT_CACHE,
    issuers: [{
      issuer,
      profile: ISSUER_PROFILES.rfc9068,
      audiences: new Set([audience]),
      strictAudience: false,
      clockTolerance: 30,
      maxLifetime: 86_400,
      algorithms: [alg],
      keys: staticKeys(jwks, [alg]),
      dpop: { mode: "off", nonce: false },
    }],
  });
}

/** The whole matrix, and each boundary value by itself. */
export function* entriesOf(issuer: Forge): Generator<MatrixEntry> {
  yield* matrixOf(cellsOf(issuer));
  for (const cell of boundaryCells(issuer)) yield entryOf([cell], "right key");
}

/** What the pipeline asks: the authenticator with a verifier behind it; `undefined` where it lets the token in. */
function ourAnswer(issuer: Forge): (authorization: string) => Promise<string | undefined> {
  const resource = protectedResource({
    origin: new URL(issuer.audience).origin,
    path: "/mcp",
    name: "gatehouse",
    authorizationServers: [issuer.issuer],
    scopes: [],
  });
  const { authenticate } = createAuthenticator({
    verifyToken: verifierOf(issuer),
    verifyProof: createProofVerifier({
      replay: { claim: () => Promise.resolve(true) },
      nonceKey: new Uint8Array(32),
    }),
    revocations: fixedRevocations([], () => new Date()),
    now: () => new Date(NOW * 1000),
  });
  return async (authorization) => {
    const request = new Request(issuer.audience, { method: "POST", headers: { authorization } });
    try {
      await authenticate(request, new URLSearchParams(), { resource });
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      return error.reason;
    }
  };
}

export interface ComparisonOptions {
  readonly seed: number;
  /** Leaves out pairs of changes under a wrong or no key, which nobody lets in. */
  readonly brief: boolean;
  /** How many random tokens. */
  readonly random: number;
}

export interface Comparison {
  readonly asked: number;
  readonly agreed: number;
  /** What no classified disagreement explains. */
  readonly unexplained: readonly string[];
  /** Classified disagreements that the fixed tokens do not show any more. */
  readonly stale: readonly string[];
}

/** Asks both implementations about every token. */
export async function compareWithOracle(options: ComparisonOptions): Promise<Comparison> {
  const issuer = stillForge();
  const [ours, theirs] = [ourAnswer(issuer), createOracle(issuer)];
  const unexplained: string[] = [];
  const met = new Set<unknown>();
  let [asked, agreed] = [0, 0];

  async function compare({ changes, authorization }: Candidate): Promise<void> {
    const [refusedByUs, refusedByThem] = [await ours(authorization), await theirs(authorization)];
    asked += 1;
    if ((refusedByUs === undefined) === (refusedByThem === undefined)) {
      agreed += 1;
      return;
    }
    const known = explanationOf(changes, refusedByUs === undefined ? "theirs" : "ours");
    if (known) met.add(known);
    else unexplained.push(`${changes}: ours ${refusedByUs}, theirs ${refusedByThem}`);
  }

  for (const entry of entriesOf(issuer)) {
    if (options.brief && entry.cells.length === 2 && entry.signing !== "right key") continue;
    const authorization = `Bearer ${issuer.token(partsOf(entry))}`;
    await compare({ changes: entry.changes, authorization });
  }
  for (const candidate of spelledCandidates(issuer, options.seed)) await compare(candidate);
  const stale = DISAGREEMENTS.filter((known) => !met.has(known)).map((known) =>
    String(known.changes)
  );
  const cells = [...cellsOf(issuer), ...boundaryCells(issuer)];
  const { seed, random: count } = options;
  for (const candidate of randomCandidates(issuer, cells, { seed, count })) {
    await compare(candidate);
  }
  return { asked, agreed, unexplained, stale };
}
