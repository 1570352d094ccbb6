/** Presents a token and its proofs on a connection of its own, and holds the answer to RFC 9449 section 7. */

import type { Bench } from "./dpop_bench.ts";
import type { Answer, DpopCase, Presented } from "./dpop_case.ts";
import { adding, callBody, modernDraft, replacing, written } from "./draft.ts";
import { readJson } from "./forms.ts";
import { exchange } from "./raw.ts";
import type { RawResponse } from "./raw.ts";

/** Where a request goes, and under which name. */
export interface Endpoint {
  readonly port: number;
  /** The Host that it names. */
  readonly host: string;
}

/** Sends a call of `whoami`. */
export async function present(
  { port, host }: Endpoint,
  { authorization, proofs }: Presented,
): Promise<RawResponse | undefined> {
  const draft = replacing(
    modernDraft(host, "", callBody("whoami", {})),
    "Authorization",
    `Authorization: ${authorization}`,
  );
  const request = written(adding(draft, ...proofs.map((proof) => `DPoP: ${proof}`)));
  return (await exchange([request], { port })).responses[0];
}

/** Runs one case; returns what is wrong with the answer. */
export async function runDpopCase(
  item: DpopCase,
  bench: Bench,
  endpoint: Endpoint,
): Promise<string | undefined> {
  const sent = item.build(bench);
  const response = await present(endpoint, sent);
  const expected = [item.expect].flat();
  const faults = expected.map((answer) => faultOf(answer, response, sent));
  return faults.includes(undefined) ? undefined : `${item.id} ${item.name}: ${faults.join(" or ")}`;
}

const STATUS: Readonly<Record<Answer, number>> = {
  "200": 200,
  "invalid_request": 400,
  "invalid_token": 401,
  "invalid_dpop_proof": 401,
  "use_dpop_nonce": 401,
  "header_fields_too_large": 431,
};

function faultOf(
  expected: Answer,
  response: RawResponse | undefined,
  { authorization, proofs }: Presented,
): string | undefined {
  if (response === undefined) return `no answer instead of ${expected}`;
  const { status, body } = response;
  const json = readJson(response);
  const got = status === 200 ? "200" : json?.["error"] ?? `a status ${status} without a body`;
  // The runtimes refuse large headers by themselves: one as 431, one as 400 without a word.
  if (expected === "header_fields_too_large" && status === 400 && body === "") return undefined;
  if (status !== STATUS[expected]) return `${got} instead of ${expected}`;
  if (expected === "header_fields_too_large") return undefined;
  if (got !== expected) return `${got} instead of ${expected}`;
  const whole = response.headers.flat().join("\n") + body;
  const secrets = [authorization, ...proofs].flatMap((text) => text.split(".").slice(1));
  if (secrets.some((secret) => secret.length > 20 && whole.includes(secret.slice(0, 20)))) {
    return "a piece of the token or the proof came back";
  }
  const nonce = response.header("dpop-nonce");
  if ((nonce !== undefined) !== (expected === "use_dpop_nonce")) return `DPoP-Nonce is ${nonce}`;
  const challenges = challengesOf(response);
  if (expected === "200") return challenges.length > 0 ? "a challenge" : undefined;
  return faultOfChallenges(challenges, expected, authorization.startsWith("DPoP "));
}

/** The challenges by scheme, in their order, whether they came in one header or in several. */
function challengesOf(response: RawResponse): readonly string[] {
  const value = response.header("www-authenticate");
  return value === undefined ? [] : value.split(/, (?=(?:Bearer|DPoP) )/);
}

function faultOfChallenges(
  challenges: readonly string[],
  expected: Answer,
  usedDpop: boolean,
): string | undefined {
  const [bearer = "", dpop = "", ...more] = challenges;
  if (!bearer.startsWith("Bearer ") || !dpop.startsWith("DPoP ") || more.length > 0) {
    return `challenges are ${challenges.join(" | ")}`;
  }
  if (!bearer.includes("resource_metadata=")) return "the metadata is not named";
  if (!/algs="ES256 EdDSA/.test(dpop)) return `algs are missing: ${dpop}`;
  // Section 7.1: the error stands in the challenge of the scheme that was tried.
  const error = `error="${expected}"`;
  if (usedDpop && !dpop.includes(error)) return `not ${error}: ${dpop}`;
  if (expected === "invalid_token" && !bearer.includes(error)) return `not ${error}: ${bearer}`;
  if (expected !== "invalid_token" && bearer.includes("error=")) return `an error: ${bearer}`;
  return !usedDpop && dpop.includes("error=") ? `an error: ${dpop}` : undefined;
}
