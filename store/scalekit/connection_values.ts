/** Reads connections from Scalekit's JSON, and writes their settings. */

import { AppError } from "../../errors.ts";
import {
  type Connection,
  CONNECTION_PROVIDERS,
  CONNECTION_STATUSES,
  CONNECTION_TYPES,
  type ConnectionSettings,
  type ConnectionType,
  settingsOf,
} from "../workspace/connections.ts";
import {
  flagIn,
  idIn,
  type Json,
  oneOf,
  optionalObjectIn,
  optionalText,
  textIn,
  textsIn,
  timeIn,
} from "./values.ts";

/** A connection as a list has it: with its owner, without settings. */
export function toConnection(value: Json, environmentId: string): Connection {
  const createTime = timeIn(value, "created_at");
  const id = idIn(value);
  return {
    id,
    environmentId,
    ...optionalText("organizationId", textIn(value, "organization_id")),
    ...optionalText("organizationName", textIn(value, "organization_name")),
    provider: oneOf(CONNECTION_PROVIDERS, value, "provider", "CUSTOM"),
    ...optionalText("providerKey", textIn(value, "provider_key")),
    keyId: textIn(value, "key_id") || id,
    type: oneOf<ConnectionType>(CONNECTION_TYPES, value, "type", "OTHER"),
    // One of an unknown status is not known to be ready.
    status: oneOf(CONNECTION_STATUSES, value, "status", "DRAFT"),
    enabled: flagIn(value, "enabled"),
    domains: textsIn(value, "domains"),
    settings: {},
    ...(createTime && { createTime }),
  };
}

/** What the connection itself tells beyond its entry in the list. */
export function withDetails(listed: Connection, value: Json): Connection {
  const createTime = timeIn(value, "create_time") ?? listed.createTime;
  const updateTime = timeIn(value, "update_time");
  return {
    ...listed,
    status: oneOf(CONNECTION_STATUSES, value, "status", "DRAFT"),
    enabled: flagIn(value, "enabled"),
    settings: settingsIn(value, listed.type),
    ...(createTime && { createTime }),
    ...(updateTime && { updateTime }),
  };
}

/** Where each setting of a type is. */
const PLACES: Readonly<
  Partial<Record<ConnectionType, readonly [string, Readonly<Record<string, string>>]>>
> = {
  OIDC: ["oidc_config", { issuer: "issuer", clientId: "client_id" }],
  SAML: ["saml_config", { metadataUrl: "idp_metadata_url" }],
  OAUTH: ["oauth_config", { clientId: "client_id" }],
  OAUTH_M2M: ["oauth_config", { clientId: "client_id" }],
};

function settingsIn(value: Json, type: ConnectionType): ConnectionSettings {
  const [place, fields] = PLACES[type] ?? ["", {}];
  const config = optionalObjectIn(value, place) ?? {};
  const entries = Object.entries(fields).map(([name, field]) => [name, textIn(config, field)]);
  return Object.fromEntries(entries.filter(([, text]) => text !== ""));
}

/**
 * The body of an update with these settings; undefined where there are none.
 *
 * @throws {AppError} `invalid_input` for a setting that the type does not have.
 */
export function settingsBody(
  { type, provider }: Pick<Connection, "type" | "provider">,
  settings: ConnectionSettings = {},
): Json | undefined {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const allowed: readonly string[] = settingsOf(type);
  const strange = given.find(([name]) => !allowed.includes(name));
  if (strange) {
    throw new AppError(
      "invalid_input",
      `A connection of type ${type} has no ${strange[0]}; its settings are: ${
        allowed.join(", ") || "none"
      }`,
      { reason: "setting_of_another_type" },
    );
  }
  const [place, fields] = PLACES[type] ?? ["", {}];
  if (given.length === 0) return undefined;
  return {
    provider,
    type,
    [place]: Object.fromEntries(given.map(([name, value]) => [fields[name], value])),
  };
}
