/** Connected accounts and their magic links; nothing here reads the credentials that they hold. */

import { AppError } from "../../errors.ts";
import { assertStorable, isStorable } from "../text.ts";
import {
  CONNECTED_ACCOUNT_STATUSES,
  type ConnectedAccount,
  type ConnectedAccountFilter,
  type ConnectedAccountWorkspace,
  type MagicLink,
} from "../workspace/connected_accounts.ts";
import { type ConnectionType, connectsAccounts } from "../workspace/connections.ts";
import type { Api, ApiCall } from "./api.ts";
import { listAll } from "./connections.ts";
import { type Context, notSupported, notThere } from "./context.ts";
import { readRemotePage, remotePage } from "./page.ts";
import { idIn, type Json, objectIn, oneOf, strangeAnswer, textIn, timeIn } from "./values.ts";

export function connectedAccounts({ of }: Context): ConnectedAccountWorkspace {
  return {
    async listConnectedAccounts(
      environmentId,
      { identifier, provider, connector, status, ...page },
    ) {
      const api = of(environmentId);
      if (status !== undefined) {
        throw notSupported(
          "a list of connected accounts by status",
          "leave status out and look at the status of each account",
        );
      }
      const filter: ConnectedAccountFilter = { identifier, provider, connector };
      const texts = [identifier, provider, connector];
      if (texts.some((text) => text !== undefined && !isStorable(text))) {
        return { items: [], totalSize: 0 };
      }
      return await readRemotePage({
        list: ["connected accounts", environmentId, ...texts],
        // Less than a hundred, as the description of their field says.
        sizes: { min: 1, max: 99 },
        read: async (their) =>
          remotePage(
            await api.call({
              method: "GET",
              path: "/connected_accounts",
              query: { ...filter, ...their } as ApiCall["query"] & object,
              missing: notThere,
            }),
            "connected_accounts",
            (value) => toAccount(value, environmentId),
          ),
      }, page);
    },

    getConnectedAccount: async (environmentId, connectedAccountId) =>
      await findById(of(environmentId), connectedAccountId),

    async createConnectedAccountMagicLink(
      environmentId,
      { identifier, connector, lifetimeSeconds },
    ) {
      const api = of(environmentId);
      if (lifetimeSeconds !== undefined) {
        throw notSupported("a choice of how long a magic link works", "leave the time out");
      }
      assertStorable({ identifier, connector });
      try {
        const account = await findOrCreate(api, { connector, identifier });
        return { account, ...await makeLink(api, { connector, identifier }) };
      } catch (error) {
        throw await explainConnector(api, connector, error);
      }
    },

    async deleteConnectedAccount(environmentId, connectedAccountId) {
      const api = of(environmentId);
      const account = await findById(api, connectedAccountId);
      await api.call({
        method: "POST",
        path: "/connected_accounts:delete",
        body: { id: connectedAccountId },
        missing: () => accountUnknown(environmentId, connectedAccountId),
      });
      return account;
    },
  };
}

function findById(api: Api, id: string): Promise<ConnectedAccount> {
  const missing = () => accountUnknown(api.environment.id, id);
  return /^ca_[A-Za-z0-9]{1,29}$/.test(id) ? find(api, { id }, missing) : Promise.reject(missing());
}

/** `details` and not `auth`, whose answer holds the account's tokens. */
async function find(
  api: Api,
  query: Readonly<Record<string, string>>,
  missing: () => AppError,
): Promise<ConnectedAccount> {
  const body = await api.call({
    method: "GET",
    path: "/connected_accounts/details",
    query,
    missing,
  });
  const account = toAccount(objectIn(body, "connected_account"), api.environment.id);
  if (query["id"] !== undefined && account.id !== query["id"]) throw missing();
  return account;
}

interface Who {
  readonly connector: string;
  readonly identifier: string;
}

/** Of two calls that make the same account at once, the second finds what the first has made. */
async function findOrCreate(api: Api, who: Who): Promise<ConnectedAccount> {
  const missing = () => connectorUnknown(api.environment.id, who.connector);
  const query = { ...who };
  try {
    return await find(api, query, missing);
  } catch (error) {
    if (!hasCode(error, "not_found")) throw error;
  }
  try {
    const body = await api.call({
      method: "POST",
      path: "/connected_accounts",
      body: { ...who, connected_account: {} },
      missing,
    });
    return toAccount(objectIn(body, "connected_account"), api.environment.id);
  } catch (error) {
    if (!hasCode(error, "conflict")) throw error;
    return await find(api, query, missing);
  }
}

async function makeLink(api: Api, who: Who): Promise<Pick<MagicLink, "location" | "expireTime">> {
  const body = await api.call({
    method: "POST",
    path: "/connected_accounts/magic_link",
    body: { ...who },
    missing: () => connectorUnknown(api.environment.id, who.connector),
  });
  const location = textIn(body, "link");
  const expireTime = timeIn(body, "expiry");
  if (!location.startsWith("https://") || expireTime === undefined) throw strangeAnswer("no link");
  return { location, expireTime };
}

/** A better error than theirs where the connection is what is wrong. */
async function explainConnector(api: Api, connector: string, error: unknown): Promise<unknown> {
  if (!["invalid_input", "not_found", "conflict"].some((code) => hasCode(error, code))) {
    return error;
  }
  const connection = (await listAll(api)).find(({ keyId }) => keyId === connector);
  if (connection === undefined) return connectorUnknown(api.environment.id, connector);
  const { enabled, type } = connection;
  if (enabled && (type === "OTHER" || connectsAccounts(type))) return error;
  return new AppError(
    "conflict",
    enabled
      ? `The connection ${connector} signs people in and connects no accounts; take one of another type`
      : `The connection ${connector} is not enabled; enable it first`,
    { reason: "connector_unusable" },
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof AppError && error.code === code;
}

/** Their names for the types of accounts, where they differ from those of connections. */
const TYPES: Readonly<Record<string, ConnectionType>> = {
  OAUTH: "OAUTH",
  API_KEY: "API_KEY",
  BASIC_AUTH: "BASIC",
  BASIC: "BASIC",
  BEARER_TOKEN: "BEARER",
  OAUTH_M2M: "OAUTH_M2M",
};

function toAccount(value: Json, environmentId: string): ConnectedAccount {
  const tokenExpireTime = timeIn(value, "token_expires_at");
  const lastUsedTime = timeIn(value, "last_used_at");
  const updateTime = timeIn(value, "updated_at");
  const type = textIn(value, "authorization_type");
  return {
    id: idIn(value),
    environmentId,
    identifier: textIn(value, "identifier"),
    provider: textIn(value, "provider"),
    connector: textIn(value, "connector"),
    connectionId: textIn(value, "connection_id"),
    // Whatever it is, it is not known to work.
    status: oneOf(CONNECTED_ACCOUNT_STATUSES, value, "status", "DISCONNECTED"),
    authorizationType: Object.hasOwn(TYPES, type) ? TYPES[type]! : "OTHER",
    ...(tokenExpireTime && { tokenExpireTime }),
    ...(lastUsedTime && { lastUsedTime }),
    ...(updateTime && { updateTime }),
  };
}

function accountUnknown(environmentId: string, connectedAccountId: string): AppError {
  return new AppError(
    "not_found",
    "The environment has no such connected account; list its connected accounts to find the id",
    { reason: "connected_account", details: { environmentId, connectedAccountId } },
  );
}

function connectorUnknown(environmentId: string, connector: string): AppError {
  return new AppError(
    "not_found",
    "The environment has no such connector; take the keyId of one of its connections",
    { reason: "connector", details: { environmentId, connector } },
  );
}
