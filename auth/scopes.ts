/** The scope vocabulary, its hierarchy, and the one function that decides whether scopes suffice. */

import { AppError } from "../errors.ts";

/** One scope of the vocabulary. */
export interface ScopeDefinition {
  /** What a person who consents to it reads. */
  readonly description: string;
  /** Scopes that this one includes; the relation is transitive. */
  readonly implies?: readonly string[];
  /** Whether metadata and the first challenge ask for it; kept to reading, so that clients step up for more. */
  readonly baseline?: boolean;
}

/** The scopes of the shipped tools. A deployment adds its own by configuration. */
export const SHIPPED_SCOPES: Readonly<Record<string, ScopeDefinition>> = {
  "wks:read": { description: "See the workspace and its members", baseline: true },
  "wks:write": {
    description: "Invite, change and remove members of the workspace",
    implies: ["wks:read"],
  },
  "env:read": { description: "See environments and their settings", baseline: true },
  "env:write": { description: "Change environments and their settings", implies: ["env:read"] },
  "org:read": { description: "See organizations and their users", baseline: true },
  "org:write": {
    description: "Create, change and delete organizations and their users",
    implies: ["org:read"],
  },
  "access:read": { description: "See whose access was revoked, and why" },
  "access:write": {
    description: "End the access of clients and people, and give it back",
    implies: ["access:read"],
  },
  "audit:read": { description: "See the record of your own calls" },
  "audit:all": {
    description: "See the record of every call, whoever made it",
    implies: ["audit:read"],
  },
};

/** Answers every question about scopes; built once at start and sealed. */
export interface ScopePolicy {
  /** The whole vocabulary, sorted by name. */
  readonly definitions: ReadonlyMap<string, ScopeDefinition>;
  /** What metadata and a challenge without a known operation ask for. */
  readonly baseline: readonly string[];
  /** The granted scopes with everything they imply, sorted; names outside the vocabulary are dropped. */
  expand(granted: readonly string[]): readonly string[];
  /** The required scopes that the granted ones do not cover, in the order required. */
  missing(granted: readonly string[], required: readonly string[]): readonly string[];
}

/** RFC 6749 section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ). */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/**
 * Builds the scope policy from the shipped vocabulary and a deployment's additions.
 *
 * @throws {AppError} `invalid_request` naming a scope that is no scope-token, implies an unknown scope, or takes part in a cycle.
 */
export function createScopePolicy(
  additions: Readonly<Record<string, ScopeDefinition>> = {},
): ScopePolicy {
  const definitions = new Map(
    Object.entries({ ...SHIPPED_SCOPES, ...additions }).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const expansions = new Map<string, ReadonlySet<string>>();

  function expansionOf(name: string, path: readonly string[]): ReadonlySet<string> {
    const known = expansions.get(name);
    if (known) return known;
    if (path.includes(name)) {
      throw new AppError(
        "invalid_request",
        `Scopes imply each other in a cycle: ${[...path, name].join(" -> ")}`,
      );
    }
    const definition = definitions.get(name);
    if (!definition) {
      throw new AppError("invalid_request", `Scope ${path.at(-1)} implies unknown scope ${name}`);
    }
    const expansion = new Set([name]);
    for (const implied of definition.implies ?? []) {
      for (const scope of expansionOf(implied, [...path, name])) expansion.add(scope);
    }
    expansions.set(name, expansion);
    return expansion;
  }

  for (const name of definitions.keys()) {
    if (!SCOPE_TOKEN.test(name)) {
      throw new AppError(
        "invalid_request",
        `Scope ${JSON.stringify(name)} is not a scope-token of RFC 6749 section 3.3`,
      );
    }
    expansionOf(name, []);
  }

  return Object.freeze({
    definitions,
    baseline: [...definitions].filter(([, scope]) => scope.baseline).map(([name]) => name),
    expand(granted: readonly string[]) {
      const all = new Set<string>();
      for (const name of granted) {
        for (const scope of expansions.get(name) ?? []) all.add(scope);
      }
      return [...all].sort();
    },
    missing(granted: readonly string[], required: readonly string[]) {
      return required.filter((scope) =>
        !granted.some((name) => expansions.get(name)?.has(scope) ?? false)
      );
    },
  });
}
