/** Turns changes of the workspace and of the configuration into the notifications that subscribers are sent. */

import type { AnyResourceDefinition } from "../resources/registry.ts";
import { readAddress } from "../resources/address.ts";
import type { WorkspaceChange, WorkspaceEvents } from "../store/workspace_events.ts";

/** One notification, before it is addressed. */
export type ChangeNotice =
  | { readonly kind: "tools_list_changed" | "prompts_list_changed" | "resources_list_changed" }
  | { readonly kind: "resource_updated"; readonly uri: string };

/** Where subscriptions take notices from; what each subscriber asked for, and may have, is not decided here. */
export interface ChangeBus {
  publish(notice: ChangeNotice): void;
  /** Returns what ends the subscription. */
  subscribe(listener: (notice: ChangeNotice) => void): () => void;
  /** Publishes what waits, and follows the workspace no longer. */
  close(): void;
}

export interface ChangeBusOptions {
  readonly events: WorkspaceEvents;
  readonly resources: readonly AnyResourceDefinition[];
  /** Milliseconds for which equal notices are held together; an import makes many. */
  readonly settleMs?: number;
}

/** More than these do not wait. */
const MOST_WAITING = 1000;
const LIST = "";

/** Builds the bus of a process; it outlives configurations. */
export function createChangeBus(
  { events, resources, settleMs = 100 }: ChangeBusOptions,
): ChangeBus {
  const listeners = new Set<(notice: ChangeNotice) => void>();
  const followed = resources.map(({ uri, template, changedBy = [], list }) => ({
    address: readAddress(uri ?? template),
    changedBy,
    isListed: list !== undefined,
  }));
  /** URIs, and the empty text for the list of them. */
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function publish(notice: ChangeNotice): void {
    for (const listener of listeners) listener(notice);
  }

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const settled = [...waiting];
    waiting.clear();
    for (const uri of settled) {
      publish(
        uri === LIST ? { kind: "resources_list_changed" } : { kind: "resource_updated", uri },
      );
    }
  }

  const unsubscribe = events.subscribe((change) => {
    // Nobody reads what was written while nobody listened.
    if (listeners.size === 0) return;
    for (const { address, changedBy, isListed } of followed) {
      if (isListed && changesList(change)) waiting.add(LIST);
      if (!changedBy.includes(change.kind)) continue;
      const { kind: _, ...values } = change;
      const uri = address?.expand(values);
      if (uri !== undefined) waiting.add(uri);
    }
    if (waiting.size > MOST_WAITING) flush();
    else if (waiting.size > 0) timer ??= setTimeout(flush, settleMs);
  });

  return {
    publish,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      unsubscribe();
      flush();
    },
  };
}

/** The list shows environments by their names. */
function changesList({ kind }: WorkspaceChange): boolean {
  return kind === "environments" || kind === "environment";
}
