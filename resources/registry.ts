/** What a resource is (`defineResource`) and the sealed set of all resources (`createResources`). */

import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Principal } from "../auth/principal.ts";
import type { ScopePolicy } from "../auth/scopes.ts";
import type { Page, PageRequest, Workspace } from "../store/workspace.ts";
import type { WorkspaceChangeKind } from "../store/workspace_events.ts";
import { declarationFaults } from "../tools/declaration.ts";
import type { Access } from "../tools/declaration.ts";
import { overlap, readAddress } from "./address.ts";
import type { Address } from "./address.ts";

/** Everything that a resource, a prompt or a completion may touch: it reads, and there is no token in it. */
export interface ReadContext {
  readonly principal: Principal;
  readonly workspace: Workspace;
  /** Aborts when the caller is gone, the deadline has passed or the server stops. */
  readonly signal: AbortSignal;
}

/** Proposes values for one argument. */
export interface Completer {
  /** What a caller needs for it, beside the scopes of what is completed. */
  readonly scopes: readonly string[];
  /** At most 100 values for what was typed so far; `given` are the arguments that are there already. */
  complete(
    typed: string,
    given: Readonly<Record<string, string>>,
    context: ReadContext,
  ): Promise<Completion>;
}

export interface Completion {
  readonly values: readonly string[];
  readonly hasMore: boolean;
}

/** An entry of `resources/list` that a template stands for. */
export interface ListedResource {
  /** Values of the template's variables. */
  readonly params: Readonly<Record<string, string>>;
  readonly title: string;
}

/** A fixed URI, or a template with a shape for each variable. */
export type ResourceAddress<Params extends z.ZodRawShape> =
  | { readonly uri: string; readonly template?: never; readonly params?: never }
  | { readonly template: string; readonly params: Params; readonly uri?: never };

/** One resource or template: the default export of `resources/NAME.ts`. */
export type ResourceDefinition<
  Params extends z.ZodRawShape = z.ZodRawShape,
  Output extends z.ZodType = z.ZodType,
> = Access & ResourceAddress<Params> & {
  /** Equal to the file name. */
  readonly name: string;
  /** A few words for people. */
  readonly title: string;
  /** For a model: what it holds, when to read it, which tool goes further. */
  readonly description: string;
  readonly mimeType: string;
  /** An object is served as JSON, a string as it is; what the schema does not know is left out. */
  readonly output: Output;
  readonly complete?: { readonly [Name in keyof Params]?: Completer };
  /** After which changes it has to be read again; a change has the values of the variables. */
  readonly changedBy?: readonly WorkspaceChangeKind[];
  /** One page of the resources that a template stands for, where those are few enough to be listed. */
  list?(page: PageRequest, context: ReadContext): Promise<Page<ListedResource>>;
  read(
    params: z.output<z.ZodObject<Params>>,
    context: ReadContext,
  ): Promise<z.input<Output>>;
};

/** Declares a resource; it only fixes the types. */
export function defineResource<Params extends z.ZodRawShape, Output extends z.ZodType>(
  definition: ResourceDefinition<Params, Output>,
): ResourceDefinition<Params, Output> {
  return definition;
}

/** A resource as the rest of the program sees it. */
export interface Resource {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly mimeType: string;
  readonly scopes: readonly string[];
  /** The URI or the template, as it is published. */
  readonly address: string;
  readonly variables: readonly string[];
  readonly output: z.ZodType;
  readonly completers: ReadonlyMap<string, Completer>;
  readonly changedBy: readonly WorkspaceChangeKind[];
  /** The variables' values where the URI is one of this resource. */
  match(uri: string): Readonly<Record<string, string>> | undefined;
  expand(values: Readonly<Record<string, string>>): string | undefined;
  readonly list?: (page: PageRequest, context: ReadContext) => Promise<Page<ListedResource>>;
  read(params: Readonly<Record<string, string>>, context: ReadContext): Promise<unknown>;
}

/** The sealed set. */
export interface Resources {
  /** Sorted by name. */
  readonly all: readonly Resource[];
  /** The resource that a URI names, and the values in it. */
  find(uri: string): { resource: Resource; params: Readonly<Record<string, string>> } | undefined;
  /** The resource with exactly this template. */
  byTemplate(template: string): Resource | undefined;
}

/** `any`: a list of resources holds many different schemas. */
// deno-lint-ignore no-explicit-any
export type AnyResourceDefinition = ResourceDefinition<any, any>;

/**
 * Checks every resource and seals the set.
 *
 * @throws {AppError} `invalid_request` that lists every problem found: a bad name or description, no scopes and no
 * `access`, an address that is none of ours or that two resources share, a variable without a shape.
 */
export function createResources(
  definitions: readonly AnyResourceDefinition[],
  policy: ScopePolicy,
): Resources {
  const problems: string[] = [];
  const sealed: Resource[] = [];
  for (const definition of definitions) {
    const address = readAddress(definition.uri ?? definition.template);
    const faults = faultsOf(definition, address, policy);
    if (faults.length === 0) {
      const resource = seal(definition, address!);
      faults.push(...sealed.flatMap((other) => clashes(resource, other)));
      sealed.push(resource);
    }
    const name = JSON.stringify(definition.name);
    problems.push(...faults.map((fault) => `resource ${name}: ${fault}`));
  }
  if (problems.length > 0) {
    throw new AppError("invalid_request", `The resources are not sound: ${problems.join("; ")}`, {
      reason: "registry",
      details: { problems },
    });
  }
  const all = Object.freeze(sealed.sort((a, b) => (a.name < b.name ? -1 : 1)));
  return Object.freeze({
    all,
    find(uri: string) {
      for (const resource of all) {
        const params = resource.match(uri);
        if (params !== undefined) return { resource, params };
      }
      return undefined;
    },
    byTemplate: (template: string) =>
      all.find(({ address, variables }) => variables.length > 0 && address === template),
  });
}

function faultsOf(
  definition: AnyResourceDefinition,
  address: Address | undefined,
  policy: ScopePolicy,
): string[] {
  const faults = declarationFaults(definition, policy);
  if (address === undefined) return [...faults, "its address is not one of this server's"];
  const shapes = Object.keys(definition.params ?? {});
  if (definition.uri !== undefined && address.variables.length > 0) {
    faults.push("its uri has variables, so it is a template");
  }
  if (definition.template !== undefined && address.variables.length === 0) {
    faults.push("its template has no variables, so it is a uri");
  }
  if ([...shapes].sort().join() !== [...address.variables].sort().join()) {
    faults.push("its params are not the variables of its template");
  }
  for (const name of Object.keys(definition.complete ?? {})) {
    if (!shapes.includes(name)) faults.push(`it completes ${name}, which is no variable`);
  }
  return faults;
}

/** A URI names one resource, or its scopes would depend on the order of a list. */
function clashes(one: Resource, other: Resource): string[] {
  if (one.name === other.name) return ["its name is taken by another resource"];
  return overlap(one.address, other.address) ? [`a URI could name it and ${other.name}`] : [];
}

function seal(definition: AnyResourceDefinition, address: Address): Resource {
  const params = z.strictObject(definition.params ?? {});
  const { list } = definition;
  return Object.freeze({
    name: definition.name,
    title: definition.title,
    description: definition.description,
    mimeType: definition.mimeType,
    scopes: Object.freeze([...(definition.scopes ?? [])]),
    address: definition.uri ?? definition.template,
    variables: address.variables,
    output: definition.output,
    completers: new Map(Object.entries(definition.complete ?? {})) as never,
    changedBy: Object.freeze([...(definition.changedBy ?? [])]),
    match(uri: string) {
      const values = address.match(uri);
      return values !== undefined && params.safeParse(values).success ? values : undefined;
    },
    expand: address.expand,
    ...(list ? { list: list.bind(definition) } : {}),
    read: (values: Readonly<Record<string, string>>, context: ReadContext) =>
      definition.read(values, context),
  });
}
