/** What the tools about connections have in common: their shapes, and what a person is asked before one goes off. */

import { z } from "zod";
import { AppError } from "../errors.ts";
import {
  CONNECTION_PROVIDERS,
  CONNECTION_STATUSES,
  CONNECTION_TYPES,
  connectsAccounts,
  requireOwner,
  settingsOf,
  signsIn,
} from "../store/workspace/connections.ts";
import type { Connection, ConnectionUse } from "../store/workspace/connections.ts";
import type { Workspace } from "../store/workspace.ts";
import { optionalTimes } from "./objects.ts";
import { distinct, id } from "./shapes.ts";

/** A hundred connections with this many must fit into one answer. */
const MAX_DOMAINS = 20;
const SHOWN_DOMAINS = 3;

export const connectionId = id(
  "conn",
  "list_environment_connections or list_organization_connections",
)
  .describe(
    "Id of the connection, from list_environment_connections or list_organization_connections",
  );

export const keyId = z.string()
  .max(64)
  .regex(/^[a-z0-9][a-z0-9_-]*$/, {
    error: "Must be lower-case letters, digits, - and _, such as github-prod",
  });

const domain = z.string()
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: "Must be a domain in lower case, such as acme.example",
  });

/** Stored and shown, and never fetched. */
function httpsUrl(error: string) {
  return z.string()
    .max(1024)
    .regex(
      /^https:\/\/[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(\/[A-Za-z0-9._~%!$&'()*+,;=:@\/?-]*)?$/,
      { error },
    );
}

/** What can be changed about a connection; create and update take the same. */
export const changeableFields = {
  domains: distinct(domain, { minLength: 0, maxLength: MAX_DOMAINS }, (domain) => domain)
    .describe("Whose email addresses are led to it; all of them, as they replace those it has")
    .meta({ examples: [["acme.example"]] })
    .optional(),
  issuer: httpsUrl("Must be an https URL, such as https://idp.acme.example")
    .describe("For OIDC: the issuer")
    .meta({ examples: ["https://idp.acme.example"] })
    .optional(),
  clientId: z.string()
    .max(256)
    .regex(/^[\x21-\x7e]+$/, { error: "Must be printable ASCII without spaces" })
    .describe("For OIDC, OAUTH and OAUTH_M2M: our client id at the provider")
    .meta({ examples: ["0oa8example"] })
    .optional(),
  metadataUrl: httpsUrl("Must be an https URL, such as https://idp.acme.example/metadata")
    .describe("For SAML: where the identity provider publishes its metadata")
    .meta({ examples: ["https://idp.acme.example/metadata"] })
    .optional(),
};

const SETTINGS = ["issuer", "clientId", "metadataUrl"] as const;

/** The settings among the arguments; undefined where none is there. */
export function settingsIn(input: Partial<Record<typeof SETTINGS[number], string | undefined>>) {
  const given = SETTINGS.filter((name) => input[name] !== undefined);
  if (given.length === 0) return undefined;
  return Object.fromEntries(given.map((name) => [name, input[name]]));
}

export const provider = z.enum(CONNECTION_PROVIDERS);
export const connectionType = z.enum(CONNECTION_TYPES);

/** The types that there may be, and the one for those that this program does not know yet. */
export const knownConnectionType = z.enum([...CONNECTION_TYPES, "OTHER"]);

const listed = {
  id: z.string().describe("Takes the place of connectionId in other tools"),
  environmentId: z.string(),
  organizationId: z.string().describe("Absent where it serves the whole environment").optional(),
  organizationName: z.string().optional(),
  provider,
  providerKey: z.string().describe("Which provider is meant by CUSTOM").optional(),
  keyId: z.string().describe("The name programs use; the connector of its connected accounts"),
  type: knownConnectionType,
  status: z.enum(CONNECTION_STATUSES).describe("Only a COMPLETED one can be enabled"),
  enabled: z.boolean(),
  domains: z.array(z.string()).readonly().describe("Whose email addresses are led to it"),
  ...optionalTimes,
};

/** Without settings, which a list would repeat for nothing. */
export const listedConnection = z.object(listed);

export const connection = z.object({
  ...listed,
  settings: z.object({
    issuer: z.string().optional(),
    clientId: z.string().optional(),
    metadataUrl: z.string().optional(),
  }).describe("What is set; never a secret"),
  missingSettings: z.array(z.string()).readonly()
    .describe("What update_connection has to set before it can be enabled"),
});

/** The connection with what it lacks. */
export function describeConnection(found: Connection): z.input<typeof connection> {
  const { settings, status } = found;
  const missing = settingsOf(found.type).filter((name) => settings[name] === undefined);
  return { ...found, settings, missingSettings: status === "COMPLETED" ? [] : missing };
}

/**
 * What a person is asked before a connection is disabled.
 *
 * @throws {AppError} as `requireOwner()` does, so that nobody learns here of what is not theirs; `conflict` where it is
 * disabled already, as nobody need be asked then.
 */
export async function confirmDisabling(
  workspace: Workspace,
  environmentId: string,
  connectionId: string,
  organizationId?: string,
): Promise<string> {
  const found = await workspace.getConnection(environmentId, connectionId);
  requireOwner(found, organizationId);
  if (!found.enabled) {
    throw new AppError("conflict", "The connection is disabled already; there is nothing to do", {
      reason: "disabled_already",
    });
  }
  const use = await workspace.getConnectionUse(environmentId, connectionId);
  return `Disable ${nameOf(found)}? ${effectOn(found, use)} It can be enabled again.`;
}

/** What a person is asked before a connection is deleted. */
export async function confirmDeleting(
  workspace: Workspace,
  environmentId: string,
  connectionId: string,
): Promise<string> {
  const found = await workspace.getConnection(environmentId, connectionId);
  const use = await workspace.getConnectionUse(environmentId, connectionId);
  const effect = found.enabled ? effectOn(found, use) : "It is disabled, so nobody uses it now.";
  const { connectedAccounts } = use;
  const gone = connectedAccounts === 0
    ? "Its settings cannot be had back."
    : `Its settings and its connected accounts (${connectedAccounts}) with their credentials cannot be had back.`;
  return `Delete ${nameOf(found)}? ${effect} ${gone}`;
}

/** The name of a connection in a sentence, with all that tells it from others. */
function nameOf({ keyId, provider, providerKey, type, organizationName }: Connection): string {
  const whose = organizationName === undefined
    ? "of the environment"
    : `of the organization ${organizationName}`;
  return `the connection ${keyId} (${providerKey ?? provider}, ${type}) ${whose}`;
}

function effectOn(
  { type, organizationName, domains }: Connection,
  { users, connectedAccounts }: ConnectionUse,
): string {
  const effects: string[] = [];
  if (signsIn(type)) {
    const whose = organizationName ?? "the environment";
    const led = domains.length === 0 ? "" : `; addresses at ${shorten(domains)} lead to it`;
    effects.push(
      `Of the users of ${whose} (${users}), nobody can sign in through it any more${led}.`,
    );
  }
  if (connectsAccounts(type)) {
    effects.push(`Programs can no longer use its connected accounts (${connectedAccounts}).`);
  }
  return effects.join(" ");
}

/** A question has room for a few only. */
function shorten(domains: readonly string[]): string {
  const rest = domains.length - SHOWN_DOMAINS;
  const shown = domains.slice(0, SHOWN_DOMAINS).join(", ");
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
