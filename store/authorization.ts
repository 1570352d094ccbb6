/** What the embedded authorization server keeps in the store: registered clients and its protocol state. */

import { AppError } from "../errors.ts";

/** A client that an operator added; the secret itself is never kept. */
export interface RegisteredClient {
  /** `m2m_` and random characters. */
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Hex SHA-256 of the 256-bit secret; absent for a client that authenticates with `private_key_jwt`. */
  readonly secretHash?: string;
  /** Public keys (RFC 7517) of a client that authenticates with `private_key_jwt`. */
  readonly jwks?: { readonly keys: readonly Record<string, unknown>[] };
  /** RFC 3339. */
  readonly createTime: string;
}

/** The refusal where no client has an id or name. */
export function noSuchClient(): AppError {
  return new AppError("not_found", "No client has this id or name; list the clients to find it", {
    reason: "client",
  });
}

/** The clients that operators manage; changes by another process are seen at the next call. */
export interface ClientStore {
  /** `conflict` when the name or the id is taken. */
  add(client: RegisteredClient): Promise<void>;
  find(clientId: string): Promise<RegisteredClient | undefined>;
  /** Oldest first. */
  list(): Promise<readonly RegisteredClient[]>;
  /** Takes a client id or a name. `not_found` when there is none. Returns the removed client. */
  remove(clientIdOrName: string): Promise<RegisteredClient>;
}

/** One record of the authorization server: a code, a grant, a refresh token, a dynamic client. */
export interface AuthorizationRecord {
  readonly payload: Record<string, unknown>;
  /** Milliseconds since the epoch; absent for a record that does not expire. */
  readonly expiresAt?: number;
  readonly grantId?: string;
  readonly userCode?: string;
  readonly uid?: string;
}

/** Keyed protocol state; an expired record is never found and is swept. */
export interface AuthorizationStateStore {
  put(model: string, id: string, record: AuthorizationRecord): Promise<void>;
  find(model: string, id: string): Promise<Record<string, unknown> | undefined>;
  findByUid(model: string, uid: string): Promise<Record<string, unknown> | undefined>;
  findByUserCode(model: string, userCode: string): Promise<Record<string, unknown> | undefined>;
  /** Those of one grant, in no order. */
  findByGrant(model: string, grantId: string): Promise<readonly Record<string, unknown>[]>;
  /**
   * Marks a record as used, once, with `consumed` = seconds since the epoch in its payload.
   *
   * Returns false when it was used already or does not exist, so that of two racing callers one wins.
   */
  consume(model: string, id: string): Promise<boolean>;
  remove(model: string, id: string): Promise<void>;
  removeByGrant(model: string, grantId: string): Promise<void>;
  /** How many records of the model exist; bounds dynamic registration. */
  count(model: string): Promise<number>;
}
