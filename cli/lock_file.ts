/** What the tools promise, pinned: one entry a tool, and what has drifted from it. */

import { createHash } from "node:crypto";
import { z } from "zod";
import type { ScopePolicy } from "../auth/scopes.ts";
import { catalogueHash } from "../http/operator/catalogue.ts";
import type { Registry, Tool } from "../tools/registry.ts";

export const LOCK_FILE = "tools.lock.json";

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const lockedTool = z.strictObject({
  title: z.string(),
  effect: z.enum(["read", "create", "update", "delete"]),
  /** Empty where any verified caller may call. */
  scopes: z.array(z.string()),
  /** SHA-256, as the next two. */
  description: digest,
  inputSchema: digest,
  outputSchema: digest,
  /** The upstreams that it may call; absent where there are none. */
  egress: z.array(z.string()).optional(),
});

const lock = z.strictObject({
  /** The number that `/readyz` and the audit trail have too. */
  catalogue: digest,
  tools: z.record(z.string(), lockedTool),
});

export type ToolLock = z.output<typeof lock>;
type LockedTool = z.output<typeof lockedTool>;

/** One difference between a lock and the tools. */
export interface Drift {
  readonly tool: string;
  readonly kind: "added" | "removed" | "changed";
  /** The members that differ. */
  readonly members: readonly string[];
  /** What must not pass unseen: that more callers get in, or that the tool does something else. */
  readonly warnings: readonly string[];
}

/** Pins a tool set. */
export function lockOf(registry: Registry): ToolLock {
  const tools = registry.tools.map((tool) => [tool.name, lockedToolOf(tool)]);
  return { catalogue: catalogueHash(registry), tools: Object.fromEntries(tools) };
}

function lockedToolOf(tool: Tool): LockedTool {
  return {
    title: tool.title,
    effect: tool.effect,
    scopes: [...tool.scopes].sort(),
    description: sha256(tool.description),
    inputSchema: sha256(JSON.stringify(tool.inputSchema)),
    outputSchema: sha256(JSON.stringify(tool.outputSchema)),
    ...(tool.egress.length > 0 && { egress: [...tool.egress].sort() }),
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The text of the file: one member a line, so that a diff shows what changed. */
export function lockText(lock: ToolLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** Reads the text of a lock file; undefined where it is none. */
export function readLock(text: string): ToolLock | undefined {
  try {
    return lock.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Compares what was pinned with what is; empty where nothing has changed. */
export function driftOf(
  locked: ToolLock,
  current: ToolLock,
  policy: ScopePolicy,
): readonly Drift[] {
  const names = new Set([...Object.keys(locked.tools), ...Object.keys(current.tools)]);
  return [...names].sort().flatMap((tool): Drift[] => {
    const before = locked.tools[tool];
    const now = current.tools[tool];
    if (before === undefined) return [{ tool, kind: "added", members: [], warnings: [] }];
    if (now === undefined) return [{ tool, kind: "removed", members: [], warnings: [] }];
    const members = Object.keys(lockedTool.shape)
      .filter((member) => !same(before[member as never], now[member as never]));
    if (members.length === 0) return [];
    return [{ tool, kind: "changed", members, warnings: warningsOf(before, now, policy) }];
  });
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function warningsOf(before: LockedTool, now: LockedTool, policy: ScopePolicy): string[] {
  const warnings: string[] = [];
  // Whoever has just what is asked for now could not call it before.
  if (policy.missing(now.scopes, before.scopes).length > 0) {
    warnings.push(`SCOPE WIDENED: was ${scopesText(before)}, is ${scopesText(now)}`);
  }
  if (before.effect !== now.effect) {
    warnings.push(`EFFECT CHANGED: was ${before.effect}, is ${now.effect}`);
  }
  const further = (now.egress ?? []).filter((name) => !before.egress?.includes(name));
  if (further.length > 0) warnings.push(`EGRESS WIDENED: may now call ${further.join(" ")}`);
  return warnings;
}

function scopesText({ scopes }: LockedTool): string {
  return scopes.join(" ") || "(any caller)";
}
