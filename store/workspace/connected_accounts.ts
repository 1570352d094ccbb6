/** Connected accounts: what a person has at a third party, for programs to use on their behalf. */

import type { Page, PageRequest } from "./objects.ts";
import type { ConnectionType } from "./connections.ts";

/** Seconds. */
export const MAGIC_LINK_LIFETIME = { min: 60, default: 3_600, max: 86_400 } as const;

export const CONNECTED_ACCOUNT_STATUSES = [
  "ACTIVE",
  "EXPIRED",
  "PENDING_AUTH",
  "PENDING_VERIFICATION",
  "DISCONNECTED",
] as const;

export type ConnectedAccountStatus = typeof CONNECTED_ACCOUNT_STATUSES[number];

/** Without the tokens: nothing here hands them out. */
export interface ConnectedAccount {
  readonly id: string;
  readonly environmentId: string;
  /** Who it belongs to, in the words of the calling program. */
  readonly identifier: string;
  readonly provider: string;
  /** The `keyId` of its connection. */
  readonly connector: string;
  readonly connectionId: string;
  readonly status: ConnectedAccountStatus;
  readonly authorizationType: ConnectionType;
  readonly tokenExpireTime?: string;
  readonly lastUsedTime?: string;
  readonly createTime?: string;
  readonly updateTime?: string;
}

export interface ConnectedAccountFilter {
  readonly identifier?: string | undefined;
  readonly provider?: string | undefined;
  readonly connector?: string | undefined;
  readonly status?: ConnectedAccountStatus | undefined;
}

/** A link as it is shown once, to who made it; the store keeps a hash of its secret. */
export interface MagicLink {
  readonly location: string;
  readonly expireTime: string;
  readonly account: ConnectedAccount;
}

export interface ConnectedAccountWorkspace {
  /** Those that meet every filter, exactly. Newest first. */
  listConnectedAccounts(
    environmentId: string,
    page: PageRequest & ConnectedAccountFilter,
  ): Promise<Page<ConnectedAccount>>;
  getConnectedAccount(environmentId: string, connectedAccountId: string): Promise<ConnectedAccount>;
  /**
   * Makes a link with which a person connects an account, or connects it anew; one that waits for them is added where
   * there is none. An earlier link of the account ends.
   *
   * `not_found` for an unknown connector, `conflict` where its connection is not enabled or connects no accounts.
   */
  createConnectedAccountMagicLink(
    environmentId: string,
    input: {
      readonly identifier: string;
      readonly connector: string;
      readonly lifetimeSeconds?: number | undefined;
    },
  ): Promise<MagicLink>;
  /** Deletes it with its credentials and its link, and returns it as it was. */
  deleteConnectedAccount(
    environmentId: string,
    connectedAccountId: string,
  ): Promise<ConnectedAccount>;
}
