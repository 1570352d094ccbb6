/** What a connection must be before it is stored or switched, and how a refusal says so. */

import { AppError } from "../../errors.ts";
import { settingsOf } from "../workspace/connections.ts";
import type {
  ConnectionSettings,
  ConnectionStatus,
  ConnectionType,
  NewConnection,
} from "../workspace/connections.ts";
import type { ConnectionRow } from "./connections.ts";
import { assertStorable } from "./text.ts";

/**
 * The settings that were given.
 *
 * @throws {AppError} `invalid_input` for one that a connection of the type does not have.
 */
export function settingsFor(
  type: ConnectionType,
  settings: ConnectionSettings = {},
): ConnectionSettings {
  const given = Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  );
  assertStorable(given);
  const known: readonly string[] = settingsOf(type);
  const strange = Object.keys(given).filter((name) => !known.includes(name));
  if (strange.length === 0) return given;
  const takes = known.length > 0 ? `takes ${known.join(" and ")}` : "takes no settings";
  throw new AppError(
    "invalid_input",
    `A connection of the type ${type} ${takes}; leave out ${strange.join(" and ")}`,
    { reason: "setting_of_other_type", details: { type, settings: known } },
  );
}

/** How far the settings have come. */
export function statusOf(type: ConnectionType, settings: ConnectionSettings): ConnectionStatus {
  const needed = settingsOf(type);
  const missing = needed.filter((name) => settings[name] === undefined);
  if (missing.length === 0) return "COMPLETED";
  return missing.length === needed.length ? "DRAFT" : "IN_PROGRESS";
}

/** The random end of the id makes it unlikely to be taken. */
export function defaultKeyId(
  { provider, providerKey = provider }: NewConnection,
  id: string,
): string {
  const name = providerKey.toLowerCase().replaceAll("_", "-");
  return `${name.slice(0, 40)}-${id.slice(-8).toLowerCase()}`;
}

export function incomplete(row: ConnectionRow): AppError {
  const settings: ConnectionSettings = JSON.parse(row.settings);
  const missing = settingsOf(row.type).filter((name) => settings[name] === undefined);
  return new AppError(
    "conflict",
    `The connection is not complete, so nobody could sign in with it; it lacks ${
      missing.join(" and ")
    }`,
    { reason: "connection_incomplete", details: { status: row.status, missingSettings: missing } },
  );
}

export function inUse(): AppError {
  return new AppError(
    "conflict",
    "The connection is enabled, and a change would lead people's sign-in elsewhere; disable it first",
    { reason: "connection_enabled" },
  );
}

export function keyIdTaken(): AppError {
  return new AppError(
    "conflict",
    "The keyId belongs to another connection of this environment; choose another one",
    { reason: "key_id_taken" },
  );
}

export function domainTaken(domain: string): AppError {
  return new AppError(
    "conflict",
    `The domain ${domain} leads to another connection of this environment; take it away there first`,
    { reason: "domain_taken", details: { domain } },
  );
}
