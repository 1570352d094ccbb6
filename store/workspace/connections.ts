/** Connections: how people sign in to an environment or an organization, and what their connected accounts go through. */

import { AppError } from "../../errors.ts";
import type { Page, PageRequest } from "./objects.ts";

export const CONNECTION_PROVIDERS = [
  "OKTA",
  "GOOGLE",
  "MICROSOFT_AD",
  "AUTH0",
  "ONELOGIN",
  "PING_IDENTITY",
  "JUMPCLOUD",
  "CUSTOM",
  "GITHUB",
  "GITLAB",
  "LINKEDIN",
  "SALESFORCE",
  "MICROSOFT",
  "IDP_SIMULATOR",
  "SCALEKIT",
  "ADFS",
] as const;

export const CONNECTION_TYPES = [
  "OIDC",
  "SAML",
  "PASSWORD",
  "OAUTH",
  "PASSWORDLESS",
  "BASIC",
  "BEARER",
  "API_KEY",
  "WEBAUTHN",
  "OAUTH_M2M",
] as const;

export const CONNECTION_STATUSES = ["DRAFT", "IN_PROGRESS", "COMPLETED"] as const;

export type ConnectionProvider = typeof CONNECTION_PROVIDERS[number];
/** `OTHER` is for what a backend has and this list does not; none of that type can be made. */
export type ConnectionType = typeof CONNECTION_TYPES[number] | "OTHER";
export type ConnectionStatus = typeof CONNECTION_STATUSES[number];

/** What is known of the other side. Its secrets are never part of it: they are entered where no model reads along. */
export interface ConnectionSettings {
  /** OIDC issuer. */
  readonly issuer?: string | undefined;
  /** OAuth client id. */
  readonly clientId?: string | undefined;
  /** SAML metadata. */
  readonly metadataUrl?: string | undefined;
}

export interface Connection {
  readonly id: string;
  readonly environmentId: string;
  /** Absent where it serves the whole environment. */
  readonly organizationId?: string;
  readonly organizationName?: string;
  readonly provider: ConnectionProvider;
  /** Which provider is meant where the list has none for it. */
  readonly providerKey?: string;
  /** What programs call it; unique in the environment. */
  readonly keyId: string;
  readonly type: ConnectionType;
  readonly status: ConnectionStatus;
  readonly enabled: boolean;
  /** Whose email addresses are led to it; a domain leads to one connection of an environment. */
  readonly domains: readonly string[];
  readonly settings: ConnectionSettings;
  readonly createTime?: string;
  readonly updateTime?: string;
}

export interface NewConnection {
  readonly organizationId?: string | undefined;
  readonly provider: ConnectionProvider;
  readonly providerKey?: string | undefined;
  /** Made up where it is left out. */
  readonly keyId?: string | undefined;
  readonly type: typeof CONNECTION_TYPES[number];
  readonly domains?: readonly string[] | undefined;
  readonly settings?: ConnectionSettings | undefined;
}

/** What is left out stays as it is. */
export interface ConnectionChanges {
  readonly domains?: readonly string[] | undefined;
  readonly settings?: ConnectionSettings | undefined;
}

/** Who would notice if the connection were gone. */
export interface ConnectionUse {
  /** The users of its organization, or of the environment: those who may sign in through it. */
  readonly users: number;
  readonly connectedAccounts: number;
}

type SettingName = keyof ConnectionSettings;

const NEEDED: Readonly<Partial<Record<ConnectionType, readonly SettingName[]>>> = {
  OIDC: ["issuer", "clientId"],
  SAML: ["metadataUrl"],
  OAUTH: ["clientId"],
  OAUTH_M2M: ["clientId"],
};

/** The settings that a connection of a type has; all of them must be there before it is complete. */
export function settingsOf(type: ConnectionType): readonly SettingName[] {
  return NEEDED[type] ?? [];
}

/** Whether people can sign in through a connection of the type. */
export function signsIn(type: ConnectionType): boolean {
  return ["OIDC", "SAML", "PASSWORD", "OAUTH", "PASSWORDLESS", "WEBAUTHN"].includes(type);
}

/** Whether accounts of people at the provider can be connected through a connection of the type. */
export function connectsAccounts(type: ConnectionType): boolean {
  return ["OAUTH", "OAUTH_M2M", "BASIC", "BEARER", "API_KEY"].includes(type);
}

/**
 * Holds a connection to its owner: an organization's is switched by who may change organizations, the environment's by
 * who may change that.
 *
 * @throws {AppError} `not_found` where it is not of the organization, `conflict` where it is of one and none is named.
 */
export function requireOwner(
  { id, environmentId, organizationId: owner }: Connection,
  organizationId: string | undefined,
): void {
  if (owner === organizationId) return;
  if (organizationId !== undefined) throw unknownConnection(environmentId, id);
  throw new AppError(
    "conflict",
    "The connection belongs to an organization, so it is switched with the id of that organization",
    { reason: "connection_of_organization", details: { organizationId: owner } },
  );
}

/** The `not_found` of a connection. */
export function unknownConnection(environmentId: string, connectionId: string): AppError {
  return new AppError(
    "not_found",
    "The connection does not exist there; list the connections of the environment or organization to find its id",
    { reason: "connection", details: { environmentId, connectionId } },
  );
}

export interface ConnectionWorkspace {
  /** All of the environment, or those of one organization. Newest first. */
  listConnections(
    environmentId: string,
    page: PageRequest & { readonly organizationId?: string | undefined },
  ): Promise<Page<Connection>>;
  getConnection(environmentId: string, connectionId: string): Promise<Connection>;
  getConnectionUse(environmentId: string, connectionId: string): Promise<ConnectionUse>;
  /**
   * Adds one that is not enabled; it is complete once all `settingsOf(type)` are there.
   *
   * `conflict` when `keyId` or a domain is taken in the environment, `invalid_input` for a setting that the type does
   * not have.
   */
  createConnection(environmentId: string, input: NewConnection): Promise<Connection>;
  /**
   * Changes one that is not enabled: nobody's sign-in is led elsewhere while they use it.
   *
   * `conflict` when it is enabled or a domain is taken, `invalid_input` for a setting that the type does not have.
   */
  updateConnection(
    environmentId: string,
    connectionId: string,
    changes: ConnectionChanges,
  ): Promise<Connection>;
  /**
   * Switches one on or off; where it is so already, nothing changes.
   *
   * With `organizationId` it must be of that organization, without it of none: `not_found` and `conflict` otherwise.
   * `conflict` too when one that is not complete should be switched on.
   */
  setConnectionEnabled(
    environmentId: string,
    connectionId: string,
    enabled: boolean,
    organizationId?: string,
  ): Promise<Connection>;
  /** Deletes it with its connected accounts, and returns it as it was. */
  deleteConnection(environmentId: string, connectionId: string): Promise<Connection>;
}
