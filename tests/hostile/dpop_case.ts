/** What a case of group H-H is, and how most of them are made: a sound request with one thing changed. */

import type { Bench, ProofChanges } from "./dpop_bench.ts";

/** The error of the answer's body, or 200. */
export type Answer =
  | "200"
  | "invalid_request"
  | "invalid_token"
  | "invalid_dpop_proof"
  | "use_dpop_nonce"
  | "header_fields_too_large";

/** What a case presents: the Authorization header, and as many DPoP headers as it likes. */
export interface Presented {
  readonly authorization: string;
  readonly proofs: readonly string[];
}

export interface DpopCase {
  readonly id: string;
  readonly name: string;
  readonly expect: Answer | readonly Answer[];
  readonly build: (bench: Bench) => Presented;
}

export const BAD = "invalid_dpop_proof";

/** A bound token with one proof, which is sound but for the changes. */
export function proof(
  id: string,
  name: string,
  changes: ProofChanges | ((bench: Bench) => ProofChanges),
  expect: DpopCase["expect"] = BAD,
): DpopCase {
  return {
    id,
    name,
    expect,
    build(bench) {
      const token = bench.token();
      const all = typeof changes === "function" ? changes(bench) : changes;
      return { authorization: `DPoP ${token}`, proofs: [bench.proof(token, all)] };
    },
  };
}

/** One member of the proof in each of these values; a function gets the bench. */
export function each(
  id: string,
  part: "header" | "claims",
  member: string,
  values: Readonly<Record<string, unknown>>,
  expect: DpopCase["expect"] = BAD,
): readonly DpopCase[] {
  return Object.entries(values).map(([name, value]) =>
    proof(id, `${member} ${name}`, (bench) => ({
      [part]: { [member]: typeof value === "function" ? value(bench) : value },
    }), expect)
  );
}

/** A bound token under a scheme, and what proofs the function makes for it. */
export function scheme(
  id: string,
  name: string,
  word: "DPoP" | "Bearer",
  proofs: (bench: Bench, token: string) => readonly string[],
  expect: DpopCase["expect"] = BAD,
  token: (bench: Bench) => string = (bench) => bench.token(),
): DpopCase {
  return {
    id,
    name,
    expect,
    build(bench) {
      const signed = token(bench);
      return { authorization: `${word} ${signed}`, proofs: proofs(bench, signed) };
    },
  };
}
