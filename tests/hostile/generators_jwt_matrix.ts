/** Every header field and every claim in eight bad shapes, in pairs and under three signatures, with a verdict of the documents. */

import { RawJson, SIGNINGS } from "./generators_tokens.ts";
import type { Forge, Members, Signing, TokenParts } from "./generators_tokens.ts";

export type Kind =
  | "missing"
  | "null"
  | "wrong type"
  | "empty"
  | "huge"
  | "unicode"
  | "prototype name"
  | "hostile";

const KINDS: readonly Kind[] = [
  "missing",
  "null",
  "wrong type",
  "empty",
  "huge",
  "unicode",
  "prototype name",
  "hostile",
];

/** One field in one shape. */
export interface Cell {
  readonly part: "header" | "claims";
  readonly field: string;
  readonly kind: string;
  readonly value: unknown;
  /** Whether the documents let a token with this one change in. */
  readonly accepted: boolean;
  readonly rule: string;
  /** What the token grants where it is let in. */
  readonly scopes: readonly string[];
}

/** The shapes of one field that differ from the common ones, and the kinds that the rule lets in. */
interface FieldRule extends Partial<Record<Kind, unknown>> {
  readonly rule: string;
  readonly accepted: readonly Kind[];
  /** Scope tokens of the accepted kinds, where they differ from those of a valid token. */
  readonly grants?: Partial<Record<Kind, readonly string[]>>;
}

/** Longer than any token may be (R40). */
const HUGE = "A".repeat(10_000);
const COMMON: Readonly<Record<Kind, unknown>> = {
  "missing": undefined,
  "null": null,
  "wrong type": 7,
  "empty": "",
  "huge": HUGE,
  "unicode": "Zoë 李 🗝",
  "prototype name": "__proto__",
  "hostile": "' OR 1=1--",
};
const GRANTED = ["env:read", "org:read"];

/** RFC 7515 section 4: what is not understood is ignored, and R36: nothing there leads to a key. */
const IGNORED: readonly Kind[] = KINDS.filter((kind) => kind !== "huge");
/** Identifiers are opaque printable data (R43); there must be one (R30). */
const OPAQUE: readonly Kind[] = ["unicode", "prototype name", "hostile"];

function headerRules({ alg, kid, attackerJwk, foreignUrl }: Forge): Record<string, FieldRule> {
  return {
    alg: {
      rule: "R25",
      accepted: [],
      "wrong type": [alg],
      // A Cyrillic letter in place of the Latin one.
      unicode: alg.replace("E", "\u0415"),
      hostile: "HS256",
    },
    typ: { rule: "R26", accepted: [], unicode: "at\u200b+jwt", hostile: "JWT" },
    // The one published key may be meant without being named (RFC 7515 section 4.1.4, R38).
    kid: {
      rule: "R36",
      accepted: ["missing"],
      "wrong type": [kid],
      unicode: `${kid}\u200b`,
      hostile: "../../../../dev/null",
    },
    crit: {
      rule: "R35",
      accepted: ["missing"],
      "wrong type": "b64",
      empty: [],
      unicode: ["é"],
      "prototype name": ["__proto__"],
      hostile: ["b64"],
    },
    b64: { rule: "R35", accepted: ["missing"], hostile: false },
    jku: { rule: "R36", accepted: IGNORED, hostile: foreignUrl },
    jwk: { rule: "R36", accepted: IGNORED, empty: {}, hostile: attackerJwk },
    x5u: { rule: "R36", accepted: IGNORED, hostile: foreignUrl },
    cty: {
      rule: "RFC 7519 5.2, RFC 7515 4",
      accepted: IGNORED.filter((kind) => kind !== "hostile"),
      hostile: "JWT",
    },
    zip: { rule: "RFC 7515 4", accepted: IGNORED, hostile: "DEF" },
  };
}

function claimRules({ issuer, audience, now }: Forge): Record<string, FieldRule> {
  const time = now();
  return {
    iss: { rule: "R27", accepted: [], "wrong type": [issuer], hostile: `${issuer}@evil.example` },
    aud: {
      rule: "R28",
      accepted: [],
      "wrong type": [[audience]],
      empty: [],
      // U+212A lower-cases to the letter k; U+FF4C is a wide l.
      unicode: audience.includes("k")
        ? audience.replace("k", "\u212A")
        : audience.replace("l", "\uFF4C"),
      hostile: `${audience}.evil.example`,
    },
    sub: { rule: "R30, R43", accepted: OPAQUE },
    client_id: { rule: "R30, R43", accepted: OPAQUE },
    exp: { rule: "R31, R34", accepted: [], "wrong type": `${time + 60}`, ...TIMES },
    iat: { rule: "R33, R34", accepted: [], "wrong type": `${time}`, ...TIMES },
    nbf: { rule: "R32, R34", accepted: ["missing"], "wrong type": `${time}`, ...TIMES },
    jti: { rule: "R30, R43", accepted: OPAQUE },
    scope: {
      rule: "R30, R49",
      accepted: ["missing", "empty", "unicode", "prototype name", "hostile"],
      grants: { missing: [], empty: [], unicode: [], "prototype name": [], hostile: [] },
      "wrong type": ["org:write"],
      unicode: "env:read\u00a0org:read org:read\u200b",
      "prototype name": "__proto__ constructor toString",
      hostile: "* ORG:WRITE org:* org:writex org:read\torg:write",
    },
    cnf: {
      rule: "R41",
      accepted: ["missing"],
      empty: {},
      huge: { jkt: HUGE },
      unicode: { jkt: "é".repeat(43) },
      "prototype name": new RawJson(`{"__proto__":{"jkt":"${"A".repeat(43)}"}}`),
      hostile: { "x5t#S256": "A".repeat(43) },
    },
    azp: { rule: "R30", accepted: ["missing"], hostile: "client-2" },
  };
}

/** RFC 7519 section 2: a NumericDate is a number; JSON reads 1e999 as one without an end. */
const TIMES = { huge: new RawJson("1e308"), hostile: new RawJson("1e999") };

/** All cells, header fields first. */
export function cellsOf(forge: Forge): readonly Cell[] {
  const parts = [["header", headerRules(forge)], ["claims", claimRules(forge)]] as const;
  return parts.flatMap(([part, rules]) =>
    Object.entries(rules).flatMap(([field, rule]) =>
      KINDS.map((kind) => ({
        part,
        field,
        kind,
        value: kind in rule ? rule[kind] : COMMON[kind],
        accepted: rule.accepted.includes(kind),
        rule: kind === "huge" ? `${rule.rule}, R40` : rule.rule,
        scopes: rule.grants?.[kind] ?? GRANTED,
      }))
    )
  );
}

/** Values near a boundary, by whether the documents let them in; beside the matrix, not in its pairs. */
function boundaries({ audience, now }: Forge): Record<string, Record<"in" | "out", Members>> {
  const time = now();
  return {
    "header typ": { in: { "long form": "application/at+jwt", "upper case": "AT+JWT" }, out: {} },
    "claims aud": {
      in: {
        "one of two": ["https://other.example", audience],
        "upper-case host": audience.replace(/\/\/[^/]+/, (host) => host.toUpperCase()),
      },
      out: { "trailing slash": `${audience}/`, "number among strings": [7, audience] },
    },
    "claims exp": {
      in: { "29 s ago": time - 29, "fraction": time + 0.5 },
      out: {
        "31 s ago": time - 31,
        "zero": 0,
        "negative": -1,
        "unsafe": 2 ** 53,
        "in ten years": time + 315_360_000,
      },
    },
    "claims iat": {
      in: { "29 s ahead": time + 29 },
      out: {
        "in the future": time + 600,
        "too old": time - 100_000,
        "negative": -1,
        "unsafe": new RawJson("9007199254740993"),
      },
    },
    "claims nbf": {
      in: { "29 s ahead": time + 29 },
      out: { "31 s ahead": time + 31, "negative": -1 },
    },
    "claims sub": { in: {}, out: { "too long": "x".repeat(257), "controls": "a\r\n\u001b[2J" } },
    "claims jti": { in: {}, out: { "too long": "x".repeat(257), "controls": "\u202e" } },
    "claims client_id": { in: {}, out: { "controls": "\u0000" } },
    "claims scope": { in: { "double spaces": " env:read  org:read " }, out: { object: {} } },
    "claims cnf": { in: {}, out: { "two members": { "jkt": "A".repeat(43), "x5t#S256": "A" } } },
    "claims azp": { in: { agrees: "client-1" }, out: {} },
    "claims nonce": { in: {}, out: { "there": "n" } },
    "claims at_hash": { in: {}, out: { "there": "x" } },
    "claims events": { in: {}, out: { "there": {} } },
    "claims entitlements": { in: { "there": ["admin"] }, out: {} },
  };
}

export function boundaryCells(forge: Forge): readonly Cell[] {
  return Object.entries(boundaries(forge)).flatMap(([place, verdicts]) => {
    const [part, field] = place.split(" ") as [Cell["part"], string];
    return (["in", "out"] as const).flatMap((verdict) =>
      Object.entries(verdicts[verdict]).map(([kind, value]) => ({
        part,
        field,
        kind,
        value,
        accepted: verdict === "in",
        rule: "R26-R43",
        scopes: GRANTED,
      }))
    );
  });
}

/** One token of the matrix: at most one header field and one claim changed, under one of the three signatures. */
export interface MatrixEntry {
  /** Each change by name, and the signature. */
  readonly changes: readonly string[];
  readonly cells: readonly Cell[];
  readonly signing: Signing;
  readonly accepted: boolean;
  readonly scopes: readonly string[];
}

/** The matrix; the oracle is that a token is let in only where each of its cells is and the key is right. */
export function* matrixOf(cells: readonly Cell[]): Generator<MatrixEntry> {
  const of = (part: Cell["part"]) => [undefined, ...cells.filter((cell) => cell.part === part)];
  for (const header of of("header")) {
    for (const claim of of("claims")) {
      for (const signing of SIGNINGS) {
        yield entryOf([header, claim].filter((cell) => cell !== undefined), signing);
      }
    }
  }
}

export function entryOf(cells: readonly Cell[], signing: Signing): MatrixEntry {
  return {
    changes: [...cells.map(({ part, field, kind }) => `${part} ${field} ${kind}`), signing],
    cells,
    signing,
    accepted: signing === "right key" && cells.every((cell) => cell.accepted),
    scopes: cells.find((cell) => cell.field === "scope")?.scopes ?? GRANTED,
  };
}

export function partsOf({ cells, signing }: MatrixEntry): TokenParts {
  const members = (part: Cell["part"]) =>
    Object.fromEntries(
      cells.filter((cell) => cell.part === part).map(({ field, value }) => [field, value]),
    );
  return { header: members("header"), claims: members("claims"), signing };
}
