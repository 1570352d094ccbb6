/** The client of an environment, by which its applications sign people in: secrets, and where browsers may be sent. */

import type { Page, PageRequest } from "./objects.ts";

export interface EnvironmentClient {
  readonly clientId: string;
  readonly environmentId: string;
  /** Where a sign-in starts that does not begin in the application (OpenID Connect Core 1.0 section 4). */
  readonly initiateLoginUri?: string;
  /** Oldest first; at most ten. */
  readonly secrets: readonly ClientSecret[];
  readonly createTime: string;
  readonly updateTime: string;
}

/** What is kept of a secret and can be shown. */
export interface ClientSecret {
  readonly id: string;
  /** Its last four characters. */
  readonly secretSuffix: string;
  /** INACTIVE from `expireTime` on. */
  readonly status: "ACTIVE" | "INACTIVE";
  readonly createTime: string;
  readonly expireTime?: string;
  readonly lastUsedTime?: string;
}

/** The only value that ever holds a secret in clear; it must reach nobody but the caller. */
export interface NewClientSecret extends ClientSecret {
  readonly clientId: string;
  readonly plainSecret: string;
}

export type RedirectUriKind = "REDIRECT" | "POST_LOGOUT_REDIRECT";

/** An address that a browser may be sent to; compared as an exact string (RFC 9700 section 4.1.3). */
export interface RedirectUri {
  readonly id: string;
  readonly kind: RedirectUriKind;
  readonly uri: string;
  readonly createTime?: string;
}

/** The part of the Workspace interface about the client of an environment; each environment has one. */
export interface EnvironmentClientWorkspace {
  getEnvironmentClient(environmentId: string): Promise<EnvironmentClient>;
  /** Makes a secret of 256 random bits; `conflict` when there are ten. */
  createEnvironmentClientSecret(
    environmentId: string,
    input: { readonly expireTime?: string | undefined },
  ): Promise<NewClientSecret>;
  /** Returns the secret as it was. */
  deleteEnvironmentClientSecret(environmentId: string, secretId: string): Promise<ClientSecret>;
  /** Sets the URI, or takes it away. */
  setInitiateLoginUri(environmentId: string, uri: string | undefined): Promise<EnvironmentClient>;

  /** Both kinds, oldest first. */
  listRedirectUris(environmentId: string, page: PageRequest): Promise<Page<RedirectUri>>;
  getRedirectUri(environmentId: string, kind: RedirectUriKind, uri: string): Promise<RedirectUri>;
  /** `conflict` when it is there already, or there are a hundred of its kind. */
  addRedirectUri(environmentId: string, kind: RedirectUriKind, uri: string): Promise<RedirectUri>;
  /** Returns it as it was. */
  removeRedirectUri(
    environmentId: string,
    kind: RedirectUriKind,
    uri: string,
  ): Promise<RedirectUri>;
}
