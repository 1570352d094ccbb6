import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { AppError } from "../../errors.ts";
import { createScopePolicy } from "../../auth/scopes.ts";
import { partsOf } from "./generators_jwt_matrix.ts";
import { seedFrom } from "./generators_tokens.ts";
import {
  compareWithOracle,
  entriesOf,
  NOW,
  stillForge,
  verifierOf,
} from "./generators_verifier.ts";

/** On a busy machine it takes longer than the five seconds that Bun gives a test. */
const SLOW = { timeout: 30_000 };

test(
  "createTokenVerifier() takes exactly the cells of the JWT matrix that the documents allow",
  SLOW,
  async () => {
    const issuer = stillForge();
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
    assertEquals(count, { cells: 21_661, accepted: 695 });
  },
);

test(
  "the verifier and oauth4webapi agree on every token but for the classified disagreements",
  SLOW,
  async () => {
    const seed = seedFrom(process.env);
    const compared = await compareWithOracle({ seed, brief: true, random: 1500 });
    assertEquals(compared.unexplained.slice(0, 20), [], `HOSTILE_SEED=${seed}`);
    assertEquals(compared.stale, [], "a disagreement that is no more");
    assert(compared.asked > 9000 && compared.agreed > 7000);
  },
);
