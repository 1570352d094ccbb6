/** What a prompt is (`definePrompt`) and the sealed set of all prompts (`createPrompts`). */

import { z } from "zod";
import { AppError } from "../errors.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { Completer, ReadContext } from "../resources/registry.ts";
import { declarationFaults } from "../tools/declaration.ts";
import type { Access } from "../tools/declaration.ts";
import { toJsonSchema } from "../tools/schema_rules.ts";

/** One prompt: the default export of `prompts/NAME.ts`. */
export type PromptDefinition<Arguments extends z.ZodRawShape = z.ZodRawShape> = Access & {
  /** Equal to the file name. */
  readonly name: string;
  /** A few words for people, who choose it from a menu. */
  readonly title: string;
  /** What job it starts. */
  readonly description: string;
  /** Each takes a string, as the protocol has no other. */
  readonly arguments: Arguments;
  readonly complete?: { readonly [Name in keyof Arguments]?: Completer };
  /** What the model is asked to do: which tools, in which order, and where to stop and ask. */
  write(
    input: z.output<z.ZodObject<Arguments>>,
    context: ReadContext,
  ): string | Promise<string>;
};

/** Declares a prompt; it only fixes the types. */
export function definePrompt<Arguments extends z.ZodRawShape>(
  definition: PromptDefinition<Arguments>,
): PromptDefinition<Arguments> {
  return definition;
}

export interface PromptArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** A prompt as the rest of the program sees it. */
export interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scopes: readonly string[];
  readonly input: z.ZodObject;
  /** In the order of their declaration. */
  readonly arguments: readonly PromptArgument[];
  readonly completers: ReadonlyMap<string, Completer>;
  write(input: unknown, context: ReadContext): string | Promise<string>;
}

/** The sealed set. */
export interface Prompts {
  /** Sorted by name. */
  readonly all: readonly Prompt[];
  get(name: string): Prompt | undefined;
}

/** `any`: a list of prompts holds many different schemas. */
// deno-lint-ignore no-explicit-any
export type AnyPromptDefinition = PromptDefinition<any>;

/**
 * Checks every prompt and seals the set.
 *
 * @throws {AppError} `invalid_request` that lists every problem found: a bad name or description, no scopes and no
 * `access`, a name twice, an argument that is no string or has no description.
 */
export function createPrompts(
  definitions: readonly AnyPromptDefinition[],
  policy: ScopePolicy,
): Prompts {
  const problems: string[] = [];
  const prompts = new Map<string, Prompt>();
  for (const definition of definitions) {
    const argumentList = argumentsOf(definition.arguments);
    const faults = declarationFaults(definition, policy);
    if (prompts.has(definition.name)) faults.push("its name is taken by another prompt");
    faults.push(...argumentFaults(definition, argumentList));
    problems.push(...faults.map((fault) => `prompt ${JSON.stringify(definition.name)}: ${fault}`));
    prompts.set(definition.name, seal(definition, argumentList));
  }
  if (problems.length > 0) {
    throw new AppError("invalid_request", `The prompts are not sound: ${problems.join("; ")}`, {
      reason: "registry",
      details: { problems },
    });
  }
  const all = [...prompts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.freeze({ all: Object.freeze(all), get: (name: string) => prompts.get(name) });
}

interface DeclaredArgument extends PromptArgument {
  readonly type: unknown;
}

function argumentsOf(shape: z.ZodRawShape): readonly DeclaredArgument[] {
  const schema = toJsonSchema(z.strictObject(shape), "input");
  const required = (schema["required"] ?? []) as readonly string[];
  return Object.entries((schema["properties"] ?? {}) as Record<string, Record<string, unknown>>)
    .map(([name, { type, description }]) => ({
      name,
      type,
      description: typeof description === "string" ? description : "",
      required: required.includes(name),
    }));
}

function argumentFaults(
  { complete }: AnyPromptDefinition,
  declared: readonly DeclaredArgument[],
): string[] {
  const names = declared.map(({ name }) => name);
  return [
    ...declared.filter(({ type }) => type !== "string")
      .map(({ name }) => `its argument ${name} is not a string`),
    ...declared.filter(({ description }) => description === "")
      .map(({ name }) => `its argument ${name} has no description`),
    ...Object.keys(complete ?? {}).filter((name) => !names.includes(name))
      .map((name) => `it completes ${name}, which is no argument`),
  ];
}

function seal(definition: AnyPromptDefinition, declared: readonly DeclaredArgument[]): Prompt {
  return Object.freeze({
    name: definition.name,
    title: definition.title,
    description: definition.description,
    scopes: Object.freeze([...(definition.scopes ?? [])]),
    input: z.strictObject(definition.arguments),
    arguments: Object.freeze(declared.map(({ type: _, ...argument }) => Object.freeze(argument))),
    completers: new Map(Object.entries(definition.complete ?? {})) as never,
    write: (input: unknown, context: ReadContext) => definition.write(input as never, context),
  });
}
