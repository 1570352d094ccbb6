/** The contract of the Workspace interface as tests, run against every backend. */

import type { Store } from "../../store/mod.ts";
import { describeConnections } from "./contract_connections.ts";
import { describeLinks } from "./contract_links.ts";
import { describeLifecycle } from "./contract_lifecycle.ts";
import { describeEnvironmentClient } from "./contract_environment_client.ts";
import { describeLists } from "./contract_lists.ts";
import { describeMcpServers } from "./contract_mcp_servers.ts";
import { describeObjects } from "./contract_objects.ts";
import { describePeople } from "./contract_people.ts";
import { describeRoles } from "./contract_roles.ts";
import { scenesOf } from "./contract_scene.ts";
import { describeUsers } from "./contract_users.ts";

/** Registers the contract tests; `open` gives each of them a store of its own with at least two environments. */
export function describeWorkspace(name: string, open: () => Promise<Store>): void {
  const scene = scenesOf(name, open);
  describeObjects(scene);
  describeLists(scene);
  describeUsers(scene);
  describeConnections(scene);
  describeLinks(scene);
  describeMcpServers(scene);
  describeLifecycle(scene);
  describePeople(scene);
  describeRoles(scene);
  describeEnvironmentClient(scene);
}
