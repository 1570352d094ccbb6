/** Finds the connections and accounts of the first workspace, and asks what a person would be asked. */

import type { Connection } from "../../store/workspace/connections.ts";
import type { ConnectedAccount } from "../../store/workspace/connected_accounts.ts";
import type { Workspace } from "../../store/workspace.ts";
import { environmentNamed, organizationNamed, withWorkspace } from "./tools.ts";

/** The production environment of a new workspace, with what the tests call by name. */
export interface ConnectionScene {
  readonly workspace: Workspace;
  readonly environmentId: string;
  organization(displayName: string): Promise<string>;
  /** The connection with this `keyId`. */
  connection(keyId: string): Promise<Connection>;
  account(identifier: string): Promise<ConnectedAccount>;
}

/** Runs a test against the production environment of a new workspace. */
export function withConnections(run: (scene: ConnectionScene) => Promise<void>): Promise<void> {
  return withWorkspace(async (workspace) => {
    const environmentId = await environmentNamed(workspace, "Production");
    await run({
      workspace,
      environmentId,
      organization: (displayName) => organizationNamed(workspace, environmentId, displayName),
      async connection(keyId) {
        const { items } = await workspace.listConnections(environmentId, { pageSize: 100 });
        return only(items.filter((connection) => connection.keyId === keyId));
      },
      async account(identifier) {
        const page = { pageSize: 100, identifier };
        const { items } = await workspace.listConnectedAccounts(environmentId, page);
        return only(items);
      },
    });
  });
}

function only<T>(items: readonly T[]): T {
  if (items.length !== 1) throw new Error(`There are ${items.length} instead of one`);
  return items[0]!;
}
