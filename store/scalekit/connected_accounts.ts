/** Connected accounts and their magic links; nothing here reads the credentials that they hold. */

import { AppError } from "../../errors.ts";
import { assertStorable, isStorable } from "../text.ts";
import {
  CONNECTED_ACCOUNT_STATUSES,
  type ConnectedAccount,
  type ConnectedAccountFilter,
  type ConnectedAccountWorkspace,
} from "../workspace/connected_accounts.ts";
import type { ConnectionType } from "../workspace/connections.ts";
import type { Api, ApiCall } from "./api.ts";
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
          "to list connected accounts by status",
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
      const who = { connector, identifier };
      const missing = () => connectorUnknown(environmentId, connector);
      const known = await find(api, who, missing).catch(undefinedWhereMissing);
      const account = known ?? toAccount(
        objectIn(
          await api.call({
            method: "POST",
            path: "/connected_accounts",
            body: { ...who, connected_account: {} },
            missing,
          }),
          "connected_account",
        ),
        environmentId,
      );
      const body = await api.call({
        method: "POST",
        path: "/connected_accounts/magic_link",
        body: who,
        missing,
      });
      const location = textIn(body, "link");
      const expireTime = timeIn(body, "expiry");
      if (!URL.canParse(location) || expireTime === undefined) throw strangeAnswer("no link");
      return { location, expireTime, account };
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

function undefinedWhereMissing(error: unknown): undefined {
  if (error instanceof AppError && error.code === "not_found") return undefined;
  throw error;
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
