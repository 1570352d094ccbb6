/** What every declaration has to say, of a tool, a resource or a prompt alike: a name, words for it, and who may use it. */

import type { ScopePolicy } from "../auth/scopes.ts";

/** Either the scopes a caller needs, all of them, or the word that any verified caller may call. */
export type Access =
  | { readonly scopes: readonly [string, ...string[]]; readonly access?: never }
  | { readonly access: "public"; readonly scopes?: never };

/** The members that are checked alike. */
export type Declaration = Access & {
  readonly name: string;
  readonly title: string;
  readonly description: string;
};

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const DESCRIPTION_LENGTH = { min: 40, max: 1200 };

/** Says what is wrong with the members that every declaration has; each fault continues "tool x: ". */
export function declarationFaults(
  { name, title, description, scopes, access }: Declaration,
  policy: ScopePolicy,
): string[] {
  const faults: string[] = [];
  if (typeof name !== "string" || !NAME.test(name) || name.length > 64) {
    faults.push("its name is not snake_case of at most 64 characters");
  }
  if (!title) faults.push("it has no title");
  const length = description?.length ?? 0;
  if (length < DESCRIPTION_LENGTH.min || length > DESCRIPTION_LENGTH.max) {
    faults.push(
      `its description has ${length} characters, not ${DESCRIPTION_LENGTH.min} to ${DESCRIPTION_LENGTH.max}`,
    );
  }
  // Deny by default: what says nothing about access is not served to everybody, it is not served at all.
  if (access !== "public" && !(Array.isArray(scopes) && scopes.length > 0)) {
    faults.push('it declares neither scopes nor access: "public"');
  }
  if (access === "public" && scopes !== undefined) {
    faults.push('it declares both scopes and access: "public"');
  }
  for (const scope of scopes ?? []) {
    if (!policy.definitions.has(scope)) faults.push(`scope ${scope} is not in the vocabulary`);
  }
  return faults;
}
