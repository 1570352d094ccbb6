/** What is offered beside tools, resources and prompts, and which of them a message is about. */

import type { ScopePolicy } from "../auth/scopes.ts";
import type { Prompts } from "../prompts/registry.ts";
import { completionScopes } from "../resources/complete.ts";
import type { Completable } from "../resources/complete.ts";
import type { Resources } from "../resources/registry.ts";
import type { Workspace } from "../store/workspace.ts";
import { isObject } from "./params.ts";

export interface Offer {
  readonly resources: Resources;
  readonly prompts: Prompts;
  readonly policy: ScopePolicy;
  readonly workspace: Workspace;
}

/** A known resource or prompt that a message is about, with all scopes that the message needs for it. */
export interface Named {
  readonly kind: "resource" | "prompt";
  /** The declared name. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** A URI of one of our resources, which holds ids and nothing free. */
  readonly uri?: string;
  /** What one message draws on the budget that its client has for it. */
  readonly cost: 1;
}

type Params = Readonly<Record<string, unknown>>;

/** Returns what a message is about; nothing for other methods, and for names that nothing has. */
export function namedBy(
  { resources, prompts }: Offer,
  method: string,
  params: Params,
): readonly Named[] {
  switch (method) {
    case "resources/read":
      return resourcesNamed(resources, [params["uri"]]);
    case "subscriptions/listen":
      return resourcesNamed(resources, subscribedUris(params));
    case "prompts/get": {
      const prompt = prompts.get(textOf(params["name"]));
      return prompt ? [{ kind: "prompt", name: prompt.name, scopes: prompt.scopes, cost: 1 }] : [];
    }
    case "completion/complete": {
      const target = completableOf({ resources, prompts }, params["ref"]);
      const argument = isObject(params["argument"]) ? textOf(params["argument"]["name"]) : "";
      if (target === undefined) return [];
      const { kind, name } = target;
      return [{ kind, name, scopes: completionScopes(target, argument), cost: 1 }];
    }
    default:
      return [];
  }
}

/** What a completion refers to; undefined for what is not offered. */
export function completableOf(
  { resources, prompts }: Pick<Offer, "resources" | "prompts">,
  ref: unknown,
): Completable | undefined {
  if (!isObject(ref)) return undefined;
  if (ref["type"] === "ref/prompt") {
    const prompt = prompts.get(textOf(ref["name"]));
    return prompt && { ...prompt, kind: "prompt" };
  }
  const resource = resources.byTemplate(textOf(ref["uri"]));
  return resource && { ...resource, kind: "resource" };
}

/** Whether a subscription asks for a resource that this server does not have. */
export function asksForUnknown({ resources }: Offer, params: Params): boolean {
  return subscribedUris(params).some((uri) => resources.find(uri) === undefined);
}

function subscribedUris({ notifications }: Params): readonly string[] {
  const uris = isObject(notifications) ? notifications["resourceSubscriptions"] : undefined;
  return Array.isArray(uris) ? uris : [];
}

function resourcesNamed(resources: Resources, uris: readonly unknown[]): readonly Named[] {
  return [...new Set(uris.map(textOf))].flatMap((uri): readonly Named[] => {
    const resource = resources.find(uri)?.resource;
    if (resource === undefined) return [];
    return [{ kind: "resource", name: resource.name, scopes: resource.scopes, uri, cost: 1 }];
  });
}

/** The scopes of everything that is named, each once. */
export function scopesOfNamed(named: readonly Named[]): readonly string[] {
  return [...new Set(named.flatMap(({ scopes }) => scopes))];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
