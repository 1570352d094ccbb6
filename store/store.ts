/** What every backend of the store provides, and how it is opened. */

import type { AuthorizationStateStore, ClientStore } from "./authorization.ts";
import type { IdempotencyStore } from "./idempotency.ts";
import type { ReplayStore } from "./replay.ts";
import type { RevocationStore } from "./revocation.ts";
import type { ScalekitSettings } from "./scalekit/settings.ts";
import type { SecretStore } from "./secrets.ts";
import type { Workspace } from "./workspace.ts";

export interface Store {
  readonly workspace: Workspace;
  readonly clients: ClientStore;
  readonly authorizationState: AuthorizationStateStore;
  readonly replay: ReplayStore;
  readonly revocations: RevocationStore;
  readonly secrets: SecretStore;
  readonly idempotency: IdempotencyStore;
  /** Throws `unavailable` when the store cannot be read. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenStoreOptions {
  readonly now: () => Date;
  /** The workspace is then the one of these environments; all else is at the location. */
  readonly scalekit?: ScalekitSettings | undefined;
  /** Whether a new store is given a first workspace; default true. */
  readonly seed?: boolean;
}
