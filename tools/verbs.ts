/** The first word of a tool's name, and the effect that it promises. */

import type { Effect } from "./registry.ts";

/** A new verb is a line here. */
export const EFFECT_OF_VERB: Readonly<Record<string, Effect>> = {
  count: "read",
  explain: "read",
  find: "read",
  get: "read",
  list: "read",
  search: "read",
  whoami: "read",
  add: "create",
  create: "create",
  generate: "create",
  import: "create",
  invite: "create",
  register: "create",
  enable: "update",
  restore: "update",
  set: "update",
  switch: "update",
  update: "update",
  delete: "delete",
  disable: "delete",
  remove: "delete",
  revoke: "delete",
};

/** The effect that a tool of this name promises; undefined for a verb that is not known. */
export function effectOfName(name: string): Effect | undefined {
  const verb = name.split("_")[0]!;
  return Object.hasOwn(EFFECT_OF_VERB, verb) ? EFFECT_OF_VERB[verb] : undefined;
}
