/** What a tool is (`defineTool`) and the sealed set of all tools (`createRegistry`). */

import { z } from "zod";
import { AppError } from "../errors.ts";
import type { AccessControl } from "../auth/access_control.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { AuditReader } from "../store/audit.ts";
import type { Workspace } from "../store/workspace.ts";
import type { AccessExplanation } from "./access_explanation.ts";
import { schemaFaults, toJsonSchema } from "./schema_rules.ts";
import type { JsonSchema } from "./schema_rules.ts";

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
  /** What was recorded, of everybody: a tool that shows it has to look whose records its caller may see. */
  readonly audit: AuditReader;
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
  /** What a call of the tool is held against, for a caller with these scopes; undefined where there is no such tool. */
  explain(name: string, granted: readonly string[]): AccessExplanation | undefined;
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
  /** How many points of the caller's budgets one call takes; default 1. */
  readonly cost?: number;
  readonly audit?: {
    /** Input fields whose values the audit trail may hold as they are: ids, sizes, closed lists; nothing personal. */
    readonly clear: readonly (keyof z.output<Input> & string)[];
  };
  /**
   * What a person is asked before the tool runs: what would be destroyed or ended, by names and numbers from the store.
   *
   * It must change nothing, and say the same for as long as the same would happen: an answer to another question does
   * not count. A tool that deletes must have it.
   */
  confirm?(input: z.output<Input>, context: ToolContext): string | Promise<string>;
  /** So many points in so many seconds for this tool and each client, instead of the configured `rateLimit.tool`. */
  readonly rate?: ToolRate;
  handle(input: z.output<Input>, context: ToolContext): Promise<z.input<Output>>;
};

/** The budget that each client has for one tool. */
export interface ToolRate {
  readonly points: number;
  readonly seconds: number;
}

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
  /** Input fields whose values may be recorded as they are. */
  readonly auditClear: readonly string[];
  /** Asks for confirmation where it is there; `input` and `inputSchema` have the argument `confirm` then. */
  readonly confirm?: (input: unknown, context: ToolContext) => string | Promise<string>;
  /** Absent where the configured one holds. */
  readonly rate?: ToolRate;
  /** Runs it; its input has no `confirm`. */
  handle(input: unknown, context: ToolContext): Promise<unknown>;
}

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
/** What the published schema of a tool that asks for confirmation has besides its own arguments. */
const CONFIRM_ARGUMENT = {
  confirm: z.boolean()
    .describe(
      "Only where your client cannot ask a person itself: true, once a person has read what the refusal says " +
        "would happen and agreed. Never true on your own account",
    )
    .optional(),
};
/** `any` input and output: a list of tools holds many different schemas. */
// deno-lint-ignore no-explicit-any
export type AnyToolDefinition = ToolDefinition<any, any>;

/**
 * Checks every tool and seals the set.
 *
 * @throws {AppError} `invalid_request` that lists every problem found: no tools, a duplicate, a bad name or description,
 * no scopes and no `access`, a scope outside the vocabulary, a schema that real clients refuse, an effect that asks nobody,
 * a field to record in clear that is not in the input.
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
  faults.push(...rateFaults(definition));
  if (!(definition.input instanceof z.ZodObject) || !(definition.output instanceof z.ZodObject)) {
    faults.push("its input and output are not both zod objects");
  } else {
    faults.push(...schemaFaults(toJsonSchema(definition.input, "input"), "input"));
    faults.push(...fieldFaults(definition, Object.keys(definition.input.shape)));
  }
  if (definition.effect === "delete" && definition.confirm === undefined) {
    faults.push("it deletes and has no confirm, so nobody would be asked");
  }
  return faults;
}

function fieldFaults({ audit, confirm }: AnyToolDefinition, fields: readonly string[]): string[] {
  const faults = (audit?.clear ?? []).filter((field) => !fields.includes(field))
    .map((field) => `its audit.clear names ${field}, which is not in its input`);
  if (confirm !== undefined && fields.includes("confirm")) {
    faults.push("its input has a field confirm, which is the name of the argument that confirms");
  }
  return faults;
}

function rateFaults({ cost = 1, rate }: AnyToolDefinition): string[] {
  const faults: string[] = [];
  if (!isCount(cost)) faults.push("its cost is not a whole number of at least 1");
  if (rate === undefined) return faults;
  if (!isCount(rate.points) || !isCount(rate.seconds)) {
    faults.push("its rate is not whole numbers of at least 1");
  } else if (cost > rate.points) {
    faults.push(`its rate has ${rate.points} points, and one call costs ${cost}`);
  }
  return faults;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function seal(definition: AnyToolDefinition): Tool {
  const confirm = definition.confirm?.bind(definition);
  const input = confirm ? definition.input.safeExtend(CONFIRM_ARGUMENT) : definition.input;
  return Object.freeze({
    name: definition.name,
    title: definition.title,
    description: definition.description,
    effect: definition.effect,
    scopes: Object.freeze([...(definition.scopes ?? [])]),
    input,
    output: definition.output,
    inputSchema: toJsonSchema(input, "input"),
    outputSchema: toJsonSchema(definition.output, "output"),
    timeoutMs: definition.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    cost: definition.cost ?? 1,
    auditClear: Object.freeze([...(definition.audit?.clear ?? [])]),
    ...(confirm ? { confirm } : {}),
    ...(definition.rate ? { rate: Object.freeze({ ...definition.rate }) } : {}),
    handle: (input: unknown, context: ToolContext) => definition.handle(input, context),
  });
}
