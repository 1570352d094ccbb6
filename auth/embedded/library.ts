/** The parts of oidc-provider that we use, with types: it ships none, and this is the only file that imports it. */

import type { IncomingMessage, ServerResponse } from "node:http";
// The package's entry file writes a notice about the runtime to the console; the modules behind it do not.
import * as libraryErrors from "oidc-provider/lib/helpers/errors.js";
import libraryFetch from "oidc-provider/lib/helpers/fetch_request.js";
import { base, Check } from "oidc-provider/lib/helpers/interaction_policy/index.js";
import { Provider as LibraryProvider } from "oidc-provider/lib/provider.js";

/** Client metadata (RFC 7591 section 2). */
export type ClientMetadata = Record<string, unknown>;

/** A client as the library holds it. */
export interface LibraryClient {
  readonly clientId: string;
  readonly clientName?: string;
  readonly clientSecret?: string;
  readonly redirectUris: readonly string[];
  readonly registered_scopes?: readonly string[];
  grantTypeAllowed(type: string): boolean;
}

/** A Koa context with the library's protocol state. */
export interface LibraryContext {
  readonly method: string;
  readonly path: string;
  status: number;
  type: string;
  body: unknown;
  set(name: string, value: string): void;
  readonly response: { get(name: string): string | undefined };
  readonly req: { readonly socket: { readonly remoteAddress?: string | undefined } };
  readonly oidc: {
    readonly route: string;
    readonly client?: LibraryClient;
    readonly account?: unknown;
    /** `loginTs` is in seconds since the epoch. */
    readonly session?: { readonly accountId?: string; readonly loginTs?: number };
    readonly result?: { readonly consent?: { readonly grantId?: string } };
    readonly params?: Record<string, string | string[] | undefined>;
  };
}

/** A request that waits for a person. */
export interface Interaction {
  readonly uid: string;
  /** Random, never sent to a client: the form's proof that it was our page that was filled in. */
  readonly cid: string;
  readonly prompt: { readonly name: "login" | "consent" };
  readonly params: Record<string, string | undefined>;
  readonly session?: { readonly accountId: string };
}

/** What a person's answer amounts to. */
export type InteractionResult =
  | {
    readonly login?: { readonly accountId: string; readonly remember: boolean };
    readonly consent?: { readonly grantId: string };
  }
  | { readonly error: string; readonly error_description: string };

/** What one person granted to one client. */
export interface Grant {
  addResourceScope(resource: string, scope: string): void;
  save(): Promise<string>;
}

/** A code or a refresh token. */
export interface GrantSource {
  readonly clientId: string;
  /** NumericDate, in seconds. */
  readonly iat: number;
}

/** A refusal by the library: `error` is an OAuth error code, `expose` tells whether it may be shown. */
export interface LibraryError extends Error {
  readonly error?: string;
  readonly expose?: boolean;
  readonly error_detail?: string;
  readonly error_description?: string;
}

/** Where the library keeps one model. */
export interface Adapter {
  upsert(id: string, payload: Record<string, unknown>, expiresIn?: number): Promise<void>;
  find(id: string): Promise<Record<string, unknown> | undefined>;
  findByUid(uid: string): Promise<Record<string, unknown> | undefined>;
  findByUserCode(userCode: string): Promise<Record<string, unknown> | undefined>;
  consume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  revokeByGrantId(grantId: string): Promise<void>;
}

export interface Provider {
  readonly Client: {
    readonly prototype: { compareClientSecret(actual: string): boolean };
    find(id: string): Promise<LibraryClient | undefined>;
  };
  readonly Grant: {
    new (input: { accountId: string; clientId: string }): Grant;
    find(id: string): Promise<Grant | undefined>;
  };
  /** Whether to believe X-Forwarded headers. */
  proxy: boolean;
  /** Adds a Koa middleware around the library's own. */
  use(middleware: (ctx: LibraryContext, next: () => Promise<void>) => Promise<void>): void;
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: InteractionResult,
  ): Promise<void>;
  // deno-lint-ignore no-explicit-any -- each event has arguments of its own.
  on(event: string, listener: (...values: any[]) => void): void;
}

/** The refusals that we raise inside the library, by their OAuth error code. */
export const errors: {
  readonly InvalidClientAuth: new (detail: string) => LibraryError;
  readonly InvalidClientMetadata: new (description: string) => LibraryError;
  readonly InvalidGrant: new (detail: string) => LibraryError;
  readonly InvalidScope: new (description: string, scope: string) => LibraryError;
  readonly InvalidTarget: new (description: string) => LibraryError;
} = libraryErrors;

export function createLibraryProvider(
  issuer: string,
  configuration: Record<string, unknown>,
): Provider {
  const provider = new LibraryProvider(issuer, configuration) as Provider;
  restoreNames(provider as unknown as Record<string, unknown>, MODELS);
  passFetchNotice(provider);
  return provider;
}

/** The endpoint whose request is being answered; undefined outside of one. */
export function currentRoute(): string | undefined {
  return (LibraryProvider.ctx as LibraryContext | undefined)?.oidc?.route;
}

/** The models that are in use here. */
const MODELS = [
  "AccessToken",
  "AuthorizationCode",
  "Client",
  "ClientCredentials",
  "Grant",
  "IdToken",
  "Interaction",
  "RefreshToken",
  "ReplayDetection",
  "Session",
];

/**
 * Names classes as their module does.
 *
 * The library looks up lifetimes and keeps records by class name, and a bundler shortens those: tokens would never end.
 */
function restoreNames(holder: Record<string, unknown>, names: readonly string[]): void {
  for (const value of names) Object.defineProperty(holder[value], "name", { value });
}
restoreNames(libraryErrors, Object.keys(libraryErrors));

/**
 * Uses up the one warning that the library writes on its first fetch, that it cannot check addresses on this runtime.
 *
 * The fetch that it is configured with does check them (public_fetch.ts). Both the swap and the warning are synchronous.
 */
function passFetchNotice(provider: Provider): void {
  const { warn } = console;
  console.warn = () => {};
  try {
    libraryFetch(provider, "about:blank", {}).catch(() => {});
  } finally {
    console.warn = warn;
  }
}

/** The library's questions before an authorization: who is it (login), and do they agree (consent). */
export function interactionPolicy(): unknown {
  const policy = base();
  // Without this a session of a user who has been removed would fail instead of asking who it is now.
  policy.get("login").checks.add(
    new Check(
      "account_unknown",
      "End-User authentication is required",
      "login_required",
      ({ oidc }: LibraryContext) =>
        oidc.session?.accountId !== undefined && oidc.account === undefined,
    ),
  );
  return policy;
}
