/** What several routes look up in the state, and the rules that they share. */

import { type Called, notFound, taken } from "./routes.ts";
import type { Organization, State, User } from "./state.ts";

export function organizationOf({ state, params }: Called): Organization {
  return state.organizations.get(params["id"]!) ?? raise(notFound());
}

export function raise(error: Error): never {
  throw error;
}

export function requireFree(
  items: Iterable<{ id: string; external_id?: string }>,
  external_id: string | undefined,
  own?: string,
) {
  if (!external_id) return;
  for (const item of items) if (item.external_id === external_id && item.id !== own) throw taken();
}

/** Who belongs to no organization any more is gone. */
export function leave(state: State, user: User, organizationId: string): void {
  const before = user.memberships.length;
  user.memberships = user.memberships.filter((one) => one.organization_id !== organizationId);
  if (before > 0 && user.memberships.length === 0) state.users.delete(user.id);
}
