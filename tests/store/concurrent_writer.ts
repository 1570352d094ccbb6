/** A process of its own that opens a store and adds organizations; `sqlite_test.ts` runs several at once. */

import { argv } from "node:process";
import { openStore } from "../../store/mod.ts";

const [location, name, count] = argv.slice(2) as [string, string, string];
const store = await openStore(location, { now: () => new Date() });
const { items } = await store.workspace.listEnvironments({ pageSize: 1 });
for (let n = 0; n < Number(count); n++) {
  const organization = await store.workspace.createOrganization(items[0]!.id, {
    displayName: `${name} ${n}`,
  });
  await store.workspace.createOrganizationUser(items[0]!.id, organization.id, {
    email: "shared@example.com",
    roles: [],
  });
}
await store.close();
