/** What a tool is (`defineTool`) and the sealed set of all tools (`createRegistry`). */

import { z } from "zod";
import { AppError } from "../errors.ts";
import type { AccessControl } from "../auth/access_control.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { Workspace } from "../store/workspace.ts";

/** What a call does to the workspace; the four MCP annotations follow from it. */
export type Effect = "read" | "create" | "update" | "delete";

/** A progress notification of a long call; `progress` only grows. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** Everything a handler may touch. There is no token in it, on purpose. */
export interface ToolContext {
  readonly principal: Principal;
  readonly workspace: Workspace;
  /** Whose access has ended. */
  readonly access: AccessControl;
  /** What the caller may do with this server, for tools that talk about tools. */
  readonly catalogue: Catalogue;
  /** Aborts when the caller is gone, the deadline has passed or the server stops. */
  readonly signal: AbortSignal;
  /** Sends a progress notification where the caller asked for them. */
  progress(progress: Progress): Promise<void>;
  /** Writes one structured line to the server's log. */
  log(message: string, properties?: Record<string, unknown>): void;
  /** The current time; injected, so that tests own it. */
  now(): Date;
}

/** The tool set as seen from inside a tool. */
export interface Catalogue {
  /** The granted scopes with all that they imply. */
  scopesOf(principal: Principal): readonly string[];
  /** Every tool with what the principal lacks to call it. */
  access(
    principal: Principal,
  ): readonly {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly missing: readonly string[];
  }[];
}

/** Either the scopes a caller needs, all of them, or the word that any verified caller may call. */
export type ToolAccess =
  | { readonly scopes: readonly [string, ...string[]]; readonly access?: never }
  | { readonly access: "public"; readonly scopes?: never };

/** One tool: the default export of `tools/NAME.ts`. */
export type ToolDefinition<
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
> = ToolAccess & {
  /** Equal to the file name. */
  readonly name: string;
  /** A few words for people. */
  readonly title: string;
  /** For a model: what it does, when to use it, what comes before, what comes back. */
  readonly description: string;
  readonly effect: Effect;
  readonly input: Input;
  readonly output: Output;
  /** Milliseconds; default 30 000. */
  readonly timeoutMs?: number;
  /** How much one call weighs against the caller's rate limit; default 1. */
  readonly cost?: number;
  handle(input: z.output<Input>, context: ToolContext): Promise<z.input<Output>>;
};

/** A tool as the rest of the program sees it: sealed, with its schemas converted once. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly effect: Effect;
  readonly scopes: readonly string[];
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  readonly timeoutMs: number;
  readonly cost: number;
  handle(input: unknown, context: ToolContext): Promise<unknown>;
}

export type JsonSchema = { readonly type: "object" } & Readonly<Record<string, unknown>>;

/** Declares a tool; it only fixes the types, so that a tool file stays a plain value. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: ToolDefinition<Input, Output>,
): ToolDefinition<Input, Output> {
  return definition;
}

/** The sealed tool set. */
export interface Registry {
  /** Sorted by name. */
  readonly tools: readonly Tool[];
  get(name: string): Tool | undefined;
}

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const DESCRIPTION_LENGTH = { min: 40, max: 1200 };
const DEFAULT_TIMEOUT_MS = 30_000;
/** `any` input and output: a list of tools holds many different schemas. */
// deno-lint-ignore no-explicit-any
export type AnyToolDefinition = ToolDefinition<any, any>;

/**
 * Checks every tool and seals the set.
 *
 * @throws {AppError} `invalid_request` that lists every problem found: no tools, a duplicate, a bad name or description,
 * no scopes and no `access`, a scope outside the vocabulary, a schema that real clients refuse.
 */
export function createRegistry(
  definitions: readonly AnyToolDefinition[],
  policy: ScopePolicy,
): Registry {
  const problems: string[] = [];
  const tools = new Map<string, Tool>();
  if (definitions.length === 0) problems.push("there are no tools");
  for (const definition of definitions) {
    const faults = faultsOf(definition, policy);
    if (tools.has(definition.name)) faults.push("its name is taken by another tool");
    if (faults.length > 0) {
      problems.push(...faults.map((fault) => `tool ${JSON.stringify(definition.name)}: ${fault}`));
      continue;
    }
    tools.set(definition.name, seal(definition));
  }
  if (problems.length > 0) {
    throw new AppError(
      "invalid_request",
      `The tool registry is not sound: ${problems.join("; ")}`,
      {
        reason: "registry",
        details: { problems },
      },
    );
  }
  const sorted = [...tools.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.freeze({
    tools: Object.freeze(sorted),
    get: (name: string) => tools.get(name),
  });
}

function faultsOf(definition: AnyToolDefinition, policy: ScopePolicy): string[] {
  const faults: string[] = [];
  const { name, title, description, scopes, access } = definition;
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
  // Deny by default: a tool that says nothing about access is not served to everybody, it is not served at all.
  if (access !== "public" && !(Array.isArray(scopes) && scopes.length > 0)) {
    faults.push('it declares neither scopes nor access: "public"');
  }
  if (access === "public" && scopes !== undefined) {
    faults.push('it declares both scopes and access: "public"');
  }
  for (const scope of scopes ?? []) {
    if (!policy.definitions.has(scope)) faults.push(`scope ${scope} is not in the vocabulary`);
  }
  if (!(definition.input instanceof z.ZodObject) || !(definition.output instanceof z.ZodObject)) {
    faults.push("its input and output are not both zod objects");
  } else {
    faults.push(...schemaFaults(toJsonSchema(definition.input, "input"), "input"));
  }
  return faults;
}

/** Real clients refuse `format` (observed with Gemini CLI) and unions at the root of an input schema. */
function schemaFaults(schema: JsonSchema, where: string): string[] {
  const faults: string[] = [];
  if (schema.type !== "object" || schema["anyOf"] || schema["oneOf"] || schema["allOf"]) {
    faults.push(`its ${where} schema is not a plain object`);
  }
  if (schema["additionalProperties"] !== false) {
    faults.push(`its ${where} schema is not strict (use z.strictObject)`);
  }
  if (usesKeyword(schema, "format")) {
    faults.push(`its ${where} schema uses "format" (use a pattern)`);
  }
  // Nothing here compares such a header with the body, and one that is not compared lies.
  if (usesKeyword(schema, "x-mcp-header")) {
    faults.push(`its ${where} schema uses "x-mcp-header", which is not served`);
  }
  return faults;
}

/** Looks for a keyword; under `properties` a name is the tool author's own. */
function usesKeyword(schema: unknown, wanted: string): boolean {
  if (schema === null || typeof schema !== "object") return false;
  if (Array.isArray(schema)) return schema.some((item) => usesKeyword(item, wanted));
  return Object.entries(schema).some(([keyword, value]) => {
    if (keyword === wanted) return true;
    if (keyword !== "properties") return usesKeyword(value, wanted);
    return Object.values(value as object).some((property) => usesKeyword(property, wanted));
  });
}

function seal(definition: AnyToolDefinition): Tool {
  return Object.freeze({
    name: definition.name,
    title: definition.title,
    description: definition.description,
    effect: definition.effect,
    scopes: Object.freeze([...(definition.scopes ?? [])]),
    input: definition.input,
    output: definition.output,
    inputSchema: toJsonSchema(definition.input, "input"),
    outputSchema: toJsonSchema(definition.output, "output"),
    timeoutMs: definition.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    cost: definition.cost ?? 1,
    handle: (input: unknown, context: ToolContext) => definition.handle(input, context),
  });
}

function toJsonSchema(schema: z.ZodObject, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io });
  return { type: "object", ...rest } as JsonSchema;
}
