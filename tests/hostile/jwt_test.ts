import process from "node:process";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createProofVerifier } from "../../auth/dpop.ts";
import { staticKeys } from "../../auth/jwks.ts";
import { protectedResource } from "../../auth/metadata.ts";
import { createAuthenticator } from "../../auth/mod.ts";
import { ISSUER_PROFILES } from "../../auth/profiles.ts";
import { createTokenVerifier, DEFAULT_CACHE } from "../../auth/token_verifier.ts";
import type { TokenVerifier } from "../../auth/token_verifier.ts";
import { createScopePolicy } from "../../auth/scopes.ts";
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
import { createForge, seedFrom } from "./generators_tokens.ts";
import type { Forge } from "./generators_tokens.ts";

const NOW = 1_800_000_000;

function forge(): Forge {
  return createForge({
    issuer: "https://issuer.example",
    audience: "https://mcp.kiosk.example/mcp",
    now: () => NOW,
  });
}

/** The verifier as `serve` builds it for an external issuer. */
function verifierOf({ issuer, audience, jwks, alg }: Forge): TokenVerifier {
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
function* entriesOf(issuer: Forge): Generator<MatrixEntry> {
  yield* matrixOf(cellsOf(issuer));
  for (const cell of boundaryCells(issuer)) yield entryOf([cell], "right key");
}

test("createTokenVerifier() takes exactly the cells of the JWT matrix that the documents allow", async () => {
  const issuer = forge();
  const verify = verifierOf(issuer);
  const policy = createScopePolicy();
  const wrong: string[] = [];
  const count = { cells: 0, accepted: 0 };
  for (const entry of entriesOf(issuer)) {
    const name = entry.changes.join(", ");
    count.cells += 1;
    try {
      const { principal } = await verify(issuer.token(partsOf(entry)), NOW);
      count.accepted += 1;
      if (!entry.accepted) wrong.push(`accepted: ${name}`);
      const granted = policy.expand(principal.scopes);
      if (String(granted) !== String(entry.scopes)) wrong.push(`grants ${granted}: ${name}`);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (entry.accepted) wrong.push(`refused as ${error.reason}: ${name}`);
      if (error.code !== "invalid_token") wrong.push(`${error.code}: ${name}`);
    }
  }
  assertEquals(wrong.slice(0, 20), []);
  assertEquals(count, { cells: 21_661, accepted: 713 });
});

/** What the pipeline asks: the authenticator with a verifier behind it, at the forge's time. */
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
    now: () => new Date(NOW * 1000),
  });
  return async (authorization) => {
    const request = new Request(issuer.audience, { method: "POST", headers: { authorization } });
    try {
      await authenticate(request, new URLSearchParams(), resource);
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      return error.reason;
    }
  };
}

test("the verifier and oauth4webapi agree on every token but for the classified disagreements", async () => {
  const issuer = forge();
  const [ours, theirs] = [ourAnswer(issuer), createOracle(issuer)];
  const seed = seedFrom(process.env);
  const cells = cellsOf(issuer);
  const unexplained: string[] = [];
  const met = new Map(DISAGREEMENTS.map((known) => [known, 0]));
  const count = { asked: 0, agreed: 0 };

  async function compare({ changes, authorization }: Candidate): Promise<void> {
    const [refusedByUs, refusedByThem] = [await ours(authorization), await theirs(authorization)];
    count.asked += 1;
    if ((refusedByUs === undefined) === (refusedByThem === undefined)) {
      count.agreed += 1;
      return;
    }
    const known = explanationOf(changes, refusedByUs === undefined ? "theirs" : "ours");
    if (known) met.set(known, met.get(known)! + 1);
    else unexplained.push(`${changes}: ours ${refusedByUs}, theirs ${refusedByThem}`);
  }

  for (const entry of entriesOf(issuer)) {
    // Without the right key nobody lets a token in; the pairs of such tokens would only take time.
    if (entry.cells.length === 2 && entry.signing !== "right key") continue;
    const authorization = `Bearer ${issuer.token(partsOf(entry))}`;
    await compare({ changes: entry.changes, authorization });
  }
  for (const candidate of spelledCandidates(issuer, seed)) await compare(candidate);
  const stale = [...met].filter(([, times]) => times === 0).map(([known]) => String(known.changes));
  assertEquals(stale, [], "a disagreement that is no more");

  const all = [...cells, ...boundaryCells(issuer)];
  for (const candidate of randomCandidates(issuer, all, { seed, count: 1500 })) {
    await compare(candidate);
  }
  assertEquals(unexplained.slice(0, 20), [], `HOSTILE_SEED=${seed}`);
});
