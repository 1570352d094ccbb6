/** Tells of every change that is made to the workspace through this process, so that those who follow it can look again. */

import type { Workspace } from "./workspace.ts";

/** What has changed: one object, or which objects there are. */
export type WorkspaceChange =
  | { readonly kind: "environments" }
  | { readonly kind: "environment"; readonly environmentId: string }
  | { readonly kind: "organizations"; readonly environmentId: string }
  | {
    readonly kind: "organization" | "users";
    readonly environmentId: string;
    readonly organizationId: string;
  }
  | { readonly kind: "members" };

export type WorkspaceChangeKind = WorkspaceChange["kind"];

/**
 * Where changes are told.
 *
 * This one knows what its own process wrote. Instances that share a store hear of each other's changes through another
 * implementation, which carries them over (PostgreSQL's NOTIFY, a Redis channel).
 */
export interface WorkspaceEvents {
  publish(change: WorkspaceChange): void;
  /** Returns what ends the subscription. A listener must not throw. */
  subscribe(listener: (change: WorkspaceChange) => void): () => void;
}

export function createWorkspaceEvents(): WorkspaceEvents {
  const listeners = new Set<(change: WorkspaceChange) => void>();
  return {
    publish(change) {
      for (const listener of listeners) listener(change);
    },
    subscribe(listener) {
      // Of its own, so that one function can subscribe twice.
      const own = (change: WorkspaceChange) => listener(change);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** Returns the same workspace, but for that each write which succeeded is told. */
export function observed(workspace: Workspace, events: WorkspaceEvents): Workspace {
  const methods = Object.entries(workspace as unknown as Record<string, Method>);
  return Object.fromEntries(methods.map(([name, method]) => {
    if (READS.test(name)) return [name, method];
    return [name, async (...args: unknown[]) => {
      const result = await method(...args);
      for (const change of changesOf(name, args)) events.publish(change);
      return result;
    }];
  })) as unknown as Workspace;
}

/** Whatever is named otherwise may change something, also what is added after this was written. */
const READS = /^(list|get|find|search|count|read)([A-Z]|$)/;

/** What a write changes: by its name where that says little enough, otherwise everything that its ids are part of. */
function changesOf(name: string, [first, second]: readonly unknown[]): readonly WorkspaceChange[] {
  if (/Member/.test(name)) return [{ kind: "members" }];
  const environmentId = idOf("env_", first);
  if (environmentId === undefined) return [{ kind: "environments" }];
  const organizationId = idOf("org_", second);
  if (organizationId === undefined) {
    const list = { kind: "organizations", environmentId } as const;
    if (name === "createOrganization") return [list];
    const all = [{ kind: "environment", environmentId } as const, list];
    return /^(create|delete)Environment$/.test(name) ? [...all, { kind: "environments" }] : all;
  }
  const users = { kind: "users", environmentId, organizationId } as const;
  if (/User/.test(name)) return [users];
  const organization = { kind: "organization", environmentId, organizationId } as const;
  // The list shows each organization's name and features.
  const shown = [organization, { kind: "organizations", environmentId }] as const;
  return name.startsWith("update") ? shown : [...shown, users];
}

function idOf(prefix: string, value: unknown): string | undefined {
  return typeof value === "string" && value.startsWith(prefix) ? value : undefined;
}
