/** Who abuses the server, and with what: connections of one kind, of many clients, of many tokens. */

import { generateKeyPair } from "jose";
import { openConnections } from "./connections.ts";
import type { Conduct, Connections } from "./connections.ts";
import { callTool, modernCall } from "./requests.ts";
import type { Target } from "./target.ts";

export interface Stage {
  readonly target: Target;
  readonly port: number;
  /** A valid token of the abusers' client. */
  readonly token: string;
}

/** How many connections a crowd has, where it says nothing else. */
export const MANY = 200;

/** Opens connections that all do the same. */
export function same(
  count: number,
  conduct: (stage: Stage) => Conduct,
): (stage: Stage) => Connections {
  return (stage) => {
    const one = conduct(stage);
    return openConnections(stage.port, count, () => one);
  };
}

/** Opens MANY connections of so many clients. */
export async function byClients(
  { port, target }: Stage,
  count: number,
  conduct: (token: string) => Conduct,
): Promise<Connections> {
  const conducts = await Promise.all(Array.from({ length: count }, async (_, index) => {
    const name = `abuser-${index}`;
    return conduct(await target.issuer.token({ claims: { client_id: name, sub: name } }));
  }));
  return openConnections(port, MANY, (index) => ({
    ...conducts[index % count]!,
    from: abuser(index),
  }));
}

/** Spreads abusers over addresses, where the limit per address would spoil what is tested. */
export function abuser(index: number): string {
  return `127.0.1.${1 + index % 100}`;
}

/** A key that no issuer has published. */
export const stranger = generateKeyPair("ES256").then(({ privateKey }) => privateKey);

/** Calls once with each of so many tokens, all at once. */
export async function withTokens(
  { port, target }: Stage,
  count: number,
  changes: (index: number) => Promise<Parameters<Target["issuer"]["token"]>[0]>,
): Promise<Connections> {
  const tokens = await Promise.all(
    Array.from({ length: count }, async (_, index) => target.issuer.token(await changes(index))),
  );
  return openConnections(port, count, (index) => ({
    send: modernCall({ port, token: tokens[index]! }, "whoami", {}),
  }));
}

/** The ids of one that is there from the start. */
export async function anOrganization(stage: Stage) {
  const { environments } = await callTool(stage, "list_environments", {}) as Environments;
  const environmentId = environments[0]!.id;
  const { organizations } = await callTool(stage, "list_organizations", {
    environmentId,
  }) as Organizations;
  return { environmentId, organizationId: organizations[0]!.id };
}

type Environments = { environments: { id: string }[] };
type Organizations = { organizations: { id: string }[] };

export function people(count: number, group: number) {
  return Array.from({ length: count }, (_, index) => ({
    email: `person-${group}-${index}@example.com`,
    roles: ["member"],
  }));
}
