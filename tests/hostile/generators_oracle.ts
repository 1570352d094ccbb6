/** A second opinion on every token: oauth4webapi's validation of RFC 9068, and why the two may disagree. */

import { Buffer } from "node:buffer";
import * as oauth from "oauth4webapi";
import { entryOf, partsOf } from "./generators_jwt_matrix.ts";
import type { Cell } from "./generators_jwt_matrix.ts";
import { createRandom, SIGNINGS } from "./generators_tokens.ts";
import type { Forge, Random } from "./generators_tokens.ts";

/** One Authorization header with the names of everything in it that differs from a valid one. */
export interface Candidate {
  readonly changes: readonly string[];
  readonly authorization: string;
}

/** Asks the other implementation, at the forge's time; `undefined` where it lets the token in, otherwise why not. */
export type Oracle = (authorization: string) => Promise<string | undefined>;

export function createOracle(forge: Forge): Oracle {
  const server: oauth.AuthorizationServer = {
    issuer: forge.issuer,
    jwks_uri: `${forge.issuer}/jwks`,
  };
  return async (authorization) => {
    const request = new Request(forge.audience, { method: "POST", headers: { authorization } });
    try {
      await oauth.validateJwtAccessToken(server, request, forge.audience, {
        signingAlgorithms: [forge.alg],
        [oauth.customFetch]: () => Promise.resolve(Response.json(forge.jwks)),
        [oauth.clockSkew]: forge.now() - Math.floor(Date.now() / 1000),
        [oauth.clockTolerance]: 30,
      });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}

/** Why one side refuses a change that the other lets in. */
export interface Disagreement {
  readonly changes: RegExp;
  readonly refusedBy: "ours" | "theirs";
  readonly why: string;
}

/** The whole classification; what is not here must be agreed on. */
export const DISAGREEMENTS: readonly Disagreement[] = [
  {
    changes: / huge$/,
    refusedBy: "ours",
    why: "R40: over 8192 characters, before anything is decoded",
  },
  {
    changes: /^header b64 /,
    refusedBy: "ours",
    why: "RFC 7797 section 7: a JWT has no b64; they do not look at it without crit",
  },
  {
    changes: /^header cty hostile$/,
    refusedBy: "ours",
    why: "RFC 7519 section 5.2: the content would be another JWT; they do not look at cty",
  },
  {
    changes: /^claims (sub|client_id|jti) (empty|controls|too long)$/,
    refusedBy: "ours",
    why: "R43: identifiers end in logs and queries; they look at the type alone",
  },
  {
    changes: /^claims (exp|iat) (hostile|unsafe)$/,
    refusedBy: "ours",
    why: "R34: 1e999 is Infinity in JSON, a token that never ends; they take any number",
  },
  {
    changes: /^claims iat (in the future|too old)$/,
    refusedBy: "ours",
    why: "R33: bounds on age and future that RFC 9068 leaves to the resource server",
  },
  {
    changes: /^claims exp in ten years$/,
    refusedBy: "ours",
    why: "R33: a cap on the lifetime",
  },
  {
    changes: /^claims (iat|nbf) negative$/,
    refusedBy: "ours",
    why: "R34: not a time that an issuer means",
  },
  {
    changes: /^claims cnf empty$/,
    refusedBy: "ours",
    why: "R41, RFC 7800 section 3.1: a confirmation that names no key confirms nothing",
  },
  {
    changes: /^claims scope (null|wrong type|object)$/,
    refusedBy: "ours",
    why: "RFC 8693 section 4.2: scope is a string; they leave scopes to the application",
  },
  {
    changes: /^claims azp /,
    refusedBy: "ours",
    why: "R30: azp contradicts client_id; they do not know azp",
  },
  {
    changes: /^claims (nonce|at_hash|events) there$/,
    refusedBy: "ours",
    why: "R26, RFC 8725 section 3.12: an ID token or a logout token with our type",
  },
  {
    changes: /^text (trailing bits|padding)$/,
    refusedBy: "ours",
    why: "RFC 7515 section 2 and RFC 4648 section 3.5: one token has one spelling",
  },
  {
    changes: /^text two spaces$/,
    refusedBy: "ours",
    why: "RFC 9110 section 11.4: one space before the token; anything else is 400 here",
  },
  {
    changes: /^claims aud number among strings$/,
    refusedBy: "ours",
    why: "RFC 7519 section 4.1.3: an array of strings; they look for ours among whatever there is",
  },
  {
    changes: /^claims aud upper-case host$/,
    refusedBy: "theirs",
    why:
      "MCP authorization: servers SHOULD accept scheme and host in any case (RFC 3986 section 6.2.2.1)",
  },
];

/** The disagreement that explains a difference between the two answers, if one does. */
export function explanationOf(
  changes: readonly string[],
  refusedBy: Disagreement["refusedBy"],
): Disagreement | undefined {
  return DISAGREEMENTS.find((known) =>
    known.refusedBy === refusedBy && changes.some((change) => known.changes.test(change))
  );
}

/** Ways to spell a header value differently that leave the signed bytes, or nearly, as they are. */
const PLAIN = "as it is";
const SPELLINGS: Readonly<Record<string, (token: string, random: Random) => string>> = {
  [PLAIN]: (token) => `Bearer ${token}`,
  "text lower-case scheme": (token) => `bearer ${token}`,
  "text two spaces": (token) => `Bearer  ${token}`,
  "text padding": (token) => `Bearer ${token}=`,
  "text a second token": (token) => `Bearer ${token} ${token}`,
  "text fourth segment": (token) => `Bearer ${token}.AAAA`,
  "text no signature": (token) => `Bearer ${token.slice(0, token.lastIndexOf("."))}`,
  "text empty signature": (token) => `Bearer ${token.slice(0, token.lastIndexOf(".") + 1)}`,
  "text trailing bits": (token) => `Bearer ${withTrailingBits(token)}`,
  "text zero signature": (token) =>
    `Bearer ${token.slice(0, token.lastIndexOf(".") + 1)}${Buffer.alloc(64).toString("base64url")}`,
  "text one character changed": (token, random) => {
    const at = random.below(token.length - 1);
    const other = token[at] === "A" ? "B" : "A";
    return `Bearer ${token.slice(0, at)}${other}${token.slice(at + 1)}`;
  },
};

/** Sets a bit of the last character that no decoder needs. */
function withTrailingBits(token: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(token.at(-1)!);
  return token.slice(0, -1) + alphabet[last ^ 1];
}

/** A valid token in every spelling. */
export function spelledCandidates(forge: Forge, seed: number): readonly Candidate[] {
  const random = createRandom(seed);
  return Object.entries(SPELLINGS).map(([spelling, spell]) => ({
    changes: [spelling],
    authorization: spell(forge.token(), random),
  }));
}

/** Tokens with up to four changes at once, half of them under the right key and spelled as they should be. */
export function* randomCandidates(
  forge: Forge,
  cells: readonly Cell[],
  options: { readonly seed: number; readonly count: number },
): Generator<Candidate> {
  const random = createRandom(options.seed);
  for (let turn = 0; turn < options.count; turn += 1) {
    const chosen = new Map<string, Cell>();
    for (let changes = random.below(5); changes > 0; changes -= 1) {
      const cell = random.pick(cells);
      chosen.set(`${cell.part} ${cell.field}`, cell);
    }
    const plain = random.next() < 0.5;
    const signing = plain ? "right key" : random.pick(SIGNINGS);
    const spelling = plain ? PLAIN : random.pick(Object.keys(SPELLINGS));
    const entry = entryOf([...chosen.values()], signing);
    const token = forge.token(partsOf(entry));
    yield {
      changes: [...entry.changes, spelling],
      authorization: SPELLINGS[spelling]!(token, random),
    };
  }
}
