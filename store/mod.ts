/** The store as one value: the workspace, the clients and the authorization server's state. */

import type { AuthorizationStateStore, ClientStore } from "./authorization.ts";
import type { Workspace } from "./workspace.ts";

export interface Store {
  readonly workspace: Workspace;
  readonly clients: ClientStore;
  readonly authorizationState: AuthorizationStateStore;
  /** Throws `unavailable` when the store cannot be read. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
