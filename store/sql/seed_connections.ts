/** The connections and connected accounts of the first workspace: one of each state, so that every tool has something to show. */

import type { Transaction } from "kysely";
import type { ConnectedAccountStatus } from "../workspace/connected_accounts.ts";
import type { NewConnection } from "../workspace/connections.ts";
import { statusOf } from "./connection_rules.ts";
import { createIds } from "./ids.ts";
import type { Schema } from "./schema.ts";

interface SeedConnection extends NewConnection {
  readonly keyId: string;
  /** The external id of its organization. */
  readonly of?: string;
  readonly enabled: boolean;
  readonly accounts?: readonly SeedAccount[];
}

interface SeedAccount {
  readonly identifier: string;
  readonly status: ConnectedAccountStatus;
  /** Minutes after the workspace was made. */
  readonly tokenExpiresAfter?: number;
  readonly lastUsedAfter?: number;
}

const DEVELOPMENT: readonly SeedConnection[] = [
  { keyId: "email-code", provider: "SCALEKIT", type: "PASSWORDLESS", enabled: true },
  {
    keyId: "kestrel-simulator",
    of: "kestrel-dev",
    provider: "IDP_SIMULATOR",
    type: "OIDC",
    enabled: true,
    domains: ["kestrel.example"],
    settings: { issuer: "https://idp.gatehouse-dev.example", clientId: "kestrel-dev" },
  },
  { keyId: "juniper-okta", of: "juniper-dev", provider: "OKTA", type: "SAML", enabled: false },
  {
    keyId: "github-dev",
    provider: "GITHUB",
    type: "OAUTH",
    enabled: true,
    settings: { clientId: "gatehouse-github-dev" },
    accounts: [{ identifier: "mira@kestrel.example", status: "PENDING_AUTH" }],
  },
];

const PRODUCTION: readonly SeedConnection[] = [
  {
    keyId: "google",
    provider: "GOOGLE",
    type: "OIDC",
    enabled: true,
    settings: { issuer: "https://accounts.google.com", clientId: "gatehouse-web" },
  },
  {
    keyId: "kestrel-okta",
    of: "kestrel",
    provider: "OKTA",
    type: "SAML",
    enabled: true,
    domains: ["kestrel.example"],
    settings: { metadataUrl: "https://kestrel.okta.example/app/gatehouse/sso/saml/metadata" },
  },
  {
    keyId: "halden-entra",
    of: "halden",
    provider: "MICROSOFT_AD",
    type: "OIDC",
    enabled: false,
    domains: ["halden.example"],
    settings: { issuer: "https://login.halden.example/v2.0", clientId: "gatehouse" },
  },
  {
    keyId: "github",
    provider: "GITHUB",
    type: "OAUTH",
    enabled: true,
    settings: { clientId: "gatehouse-github" },
    accounts: [
      {
        identifier: "mira@kestrel.example",
        status: "EXPIRED",
        tokenExpiresAfter: 480,
        lastUsedAfter: 470,
      },
      { identifier: "jonas@kestrel.example", status: "ACTIVE", lastUsedAfter: 30 },
    ],
  },
  {
    keyId: "notion",
    provider: "CUSTOM",
    providerKey: "NOTION",
    type: "API_KEY",
    enabled: true,
    accounts: [
      { identifier: "ingrid@halden.example", status: "ACTIVE", lastUsedAfter: 90 },
      { identifier: "lena@sommer.example", status: "DISCONNECTED" },
    ],
  },
];

/** Writes them into the environments and organizations that are there. */
export async function seedConnections(db: Transaction<Schema>, seedTime: Date): Promise<void> {
  const newId = createIds(() => seedTime, () => 0n);
  const times = { create_time: seedTime.toISOString(), update_time: seedTime.toISOString() };
  const environments = await db
    .selectFrom("environments")
    .select(["id", "type"])
    .orderBy("id")
    .execute();
  for (const { id, type } of environments) {
    for (const connection of type === "DEV" ? DEVELOPMENT : PRODUCTION) {
      await addConnection(id, connection);
    }
  }

  async function addConnection(environmentId: string, connection: SeedConnection): Promise<void> {
    const { keyId, provider, providerKey, type, enabled, accounts = [] } = connection;
    const { domains = [], settings = {} } = connection;
    const id = newId("conn");
    await db
      .insertInto("connections")
      .values({
        id,
        environment_id: environmentId,
        organization_id: await organizationOf(environmentId, connection),
        provider,
        provider_key: providerKey ?? null,
        key_id: keyId,
        type,
        status: statusOf(type, settings),
        enabled: enabled ? 1 : 0,
        domains: JSON.stringify(domains),
        settings: JSON.stringify(settings),
        ...times,
      })
      .execute();
    for (const domain of domains) {
      await db
        .insertInto("connection_domains")
        .values({ environment_id: environmentId, domain, connection_id: id })
        .execute();
    }
    for (const account of accounts) await addAccount(environmentId, id, account);
  }

  async function addAccount(
    environmentId: string,
    connectionId: string,
    { identifier, status, tokenExpiresAfter, lastUsedAfter }: SeedAccount,
  ): Promise<void> {
    await db
      .insertInto("connected_accounts")
      .values({
        id: newId("ca"),
        environment_id: environmentId,
        connection_id: connectionId,
        identifier,
        status,
        token_expire_time: minutesLater(tokenExpiresAfter),
        last_used_time: minutesLater(lastUsedAfter),
        ...times,
      })
      .execute();
  }

  async function organizationOf(
    environmentId: string,
    { of }: SeedConnection,
  ): Promise<string | null> {
    if (of === undefined) return null;
    const { id } = await db
      .selectFrom("organizations")
      .select("id")
      .where("environment_id", "=", environmentId)
      .where("external_id", "=", of)
      .executeTakeFirstOrThrow();
    return id;
  }

  function minutesLater(minutes: number | undefined): string | null {
    return minutes === undefined
      ? null
      : new Date(seedTime.getTime() + minutes * 60_000).toISOString();
  }
}
