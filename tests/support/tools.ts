/** Calls tools as a caller would, against a real store: parsed input, a context, parsed output. */

import type { Principal } from "../../auth/principal.ts";
import { createScopePolicy } from "../../auth/scopes.ts";
import { openStore } from "../../store/mod.ts";
import type { Workspace } from "../../store/workspace.ts";
import { catalogueOf } from "../../tools/catalogue.ts";
import { tools } from "../../tools/mod.ts";
import { createRegistry } from "../../tools/registry.ts";
import type { Tool, ToolContext } from "../../tools/registry.ts";
import { noUpstreams } from "../../upstream/mod.ts";
import { startAccess } from "./access.ts";
import type { Access } from "./access.ts";

export const NOW = new Date("2026-09-01T12:00:00.000Z");

const policy = createScopePolicy();
export const registry = createRegistry(tools, policy);

const catalogue = catalogueOf(registry, policy);

/** A person with every writing scope and a token for five minutes, but for what a test changes. */
export function principal(changes: Partial<Principal> = {}): Principal {
  const seconds = NOW.getTime() / 1000;
  return {
    issuer: "https://issuer.example",
    kind: "user",
    subject: "user-1",
    clientId: "client-1",
    scopes: ["env:write", "org:write", "wks:write"],
    tokenId: "token-1",
    issuedAt: seconds,
    expiresAt: seconds + 300,
    ...changes,
  };
}

const accesses = new WeakMap<Workspace, Access>();

/** Runs a test against a new in-memory store with its first workspace, and closes it. */
export async function withWorkspace(
  run: (workspace: Workspace, access: Access) => Promise<void>,
): Promise<void> {
  const now = () => NOW;
  const store = await openStore("sqlite::memory:", { now });
  const access = await startAccess(store, ["https://issuer.example"], now);
  accesses.set(store.workspace, access);
  try {
    await run(store.workspace, access);
  } finally {
    await access.revocations.close();
    await store.close();
  }
}

/**
 * Calls a tool of the manifest by name; without a workspace in the overrides it gets a new one of its own.
 *
 * Throws the zod error of an input or output that does not fit, and what the handler throws.
 */
export async function callTool(
  name: string,
  input: unknown,
  overrides: Partial<ToolContext> = {},
  // deno-lint-ignore no-explicit-any -- each tool has its own output, which the tests spell out
): Promise<any> {
  const { workspace } = overrides;
  if (workspace === undefined) {
    let output: unknown;
    await withWorkspace(async (workspace) => {
      output = await callTool(name, input, { ...overrides, workspace });
    });
    return output;
  }
  const tool = toolNamed(name);
  const context = contextOf({ ...overrides, workspace });
  return tool.output.parse(await tool.handle(tool.input.parse(input), context));
}

function contextOf(overrides: Partial<ToolContext> & Pick<ToolContext, "workspace">): ToolContext {
  return {
    principal: principal(),
    audit: { query: () => Promise.resolve({ records: [] }) },
    access: accesses.get(overrides.workspace)!.access,
    catalogue,
    signal: new AbortController().signal,
    upstream: noUpstreams.open({
      principal: principal(),
      egress: [],
      signal: new AbortController().signal,
    }).upstream,
    progress: () => Promise.resolve(),
    log: () => {},
    now: () => NOW,
    ...overrides,
  };
}

/** The question that a person is asked before the tool runs. */
export async function questionOf(
  name: string,
  input: unknown,
  workspace: Workspace,
): Promise<string> {
  const tool = toolNamed(name);
  if (tool.confirm === undefined) throw new Error(`${name} asks nobody`);
  const { confirm: _, ...parsed } = tool.input.parse(input);
  return await tool.confirm(parsed, contextOf({ workspace }));
}

/** What is wrong with an input, as `path: message`; nothing when it fits. */
export function inputProblems(name: string, input: unknown): string[] {
  const parsed = toolNamed(name).input.safeParse(input);
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

export function toolNamed(name: string): Tool {
  const tool = registry.get(name);
  if (tool === undefined) throw new Error(`No tool is named ${name}`);
  return tool;
}

/** The id of an environment of the first workspace. */
export async function environmentNamed(workspace: Workspace, displayName: string): Promise<string> {
  const { environments } = await callTool("list_environments", {}, { workspace });
  return idOf(environments, displayName);
}

/** The id of an organization of the first workspace. */
export async function organizationNamed(
  workspace: Workspace,
  environmentId: string,
  displayName: string,
): Promise<string> {
  const { organizations } = await callTool("list_organizations", { environmentId }, { workspace });
  return idOf(organizations, displayName);
}

function idOf(items: readonly { id: string; displayName: string }[], displayName: string): string {
  const found = items.find((item) => item.displayName === displayName);
  if (found === undefined) throw new Error(`The first workspace has no ${displayName}`);
  return found.id;
}
