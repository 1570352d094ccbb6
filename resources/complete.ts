/** Completes one argument of a resource template or a prompt, for callers who may see what is proposed. */

import { guarded } from "./guard.ts";
import type { Caller, GuardOptions } from "./guard.ts";
import type { Completer, Completion } from "./registry.ts";

/** What has arguments that can be completed. */
export interface Completable {
  readonly kind: "resource" | "prompt";
  readonly name: string;
  readonly scopes: readonly string[];
  readonly completers: ReadonlyMap<string, Completer>;
}

/** UTF-16 units; who has typed more than a name can have does not look for one. */
const MAX_TYPED_LENGTH = 100;
const NONE: Completion = { values: [], hasMore: false };

/** Everything that the completion of an argument needs: what is completed shall be of use too. */
export function completionScopes(
  { scopes, completers }: Pick<Completable, "scopes" | "completers">,
  argument: string,
): readonly string[] {
  return [...new Set([...scopes, ...completers.get(argument)?.scopes ?? []])];
}

/** Proposes values; none for an argument that has no completer. Throws as `guarded()` does. */
export async function complete(
  target: Completable,
  argument: { readonly name: string; readonly value: string },
  given: Readonly<Record<string, string>>,
  caller: Caller,
  options: GuardOptions,
): Promise<Completion> {
  const { kind, name } = target;
  const scopes = completionScopes(target, argument.name);
  const completer = target.completers.get(argument.name);
  return await guarded({ kind, name, scopes }, caller, options, async (context) => {
    if (completer === undefined || argument.value.length > MAX_TYPED_LENGTH) return NONE;
    return await completer.complete(argument.value, given, context);
  });
}
