/** Migration 5 on a database that is in use, and what of a secret is in the file. */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { openStore } from "../../store/mod.ts";
import { migrate, MIGRATIONS } from "../../store/sql/migrations.ts";
import { openSqlite } from "../../store/sql/sqlite.ts";

const now = () => new Date("2026-09-01T12:00:00.000Z");
const directory = mkdtempSync(join(tmpdir(), "gatehouse-access-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const TIMES = { create_time: "2025-03-01T00:00:00.000Z", update_time: "2025-03-01T00:00:00.000Z" };

/** A database as it was before roles were kept. */
async function writeOld(path: string): Promise<void> {
  const db = openSqlite(path);
  await migrate(db, { now, migrations: MIGRATIONS.filter(({ version }) => version < 5) });
  for (const id of ["env_OLD", "env_EMPTY"]) {
    await db.insertInto("environments").values({
      id,
      display_name: id,
      type: "DEV",
      region_code: "EU",
      domain: "old.example",
      custom_domain: null,
      custom_domain_status: null,
      ...TIMES,
    }).execute();
  }
  await db.insertInto("organizations").values({
    id: "org_OLD",
    environment_id: "env_OLD",
    display_name: "Old",
    external_id: null,
    search_key: "old",
    metadata: "{}",
    sso_enabled: 0,
    dir_sync_enabled: 0,
    ...TIMES,
  }).execute();
  for (const [index, roles] of [["member", "support"], ["support"], []].entries()) {
    const id = `usr_${index}`;
    const email = `${index}@old.example`;
    await db.insertInto("users").values({
      id,
      environment_id: "env_OLD",
      email,
      email_key: email,
      external_id: null,
      given_name: null,
      family_name: null,
      ...TIMES,
    }).execute();
    await db.insertInto("memberships").values({
      id: `msh_${index}`,
      organization_id: "org_OLD",
      user_id: id,
      roles: JSON.stringify(roles),
      status: "ACTIVE",
      ...TIMES,
    }).execute();
  }
  await db.destroy();
}

test("a database in use gets the roles that its memberships have, and a client", async () => {
  const path = join(directory, "old.db");
  await writeOld(path);
  const { workspace, close } = await openStore(`sqlite:${path}`, { now });
  const rolesOf = async (environmentId: string) => {
    const { items } = await workspace.listEnvironmentRoles(environmentId, { pageSize: 100 });
    return items.map(({ name, defaultCreator, defaultMember }) => [
      name,
      defaultCreator,
      defaultMember,
    ]);
  };
  const defaults = [["admin", true, false], ["member", false, true]];
  assertEquals(await rolesOf("env_OLD"), [...defaults, ["support", false, false]]);
  assertEquals(await rolesOf("env_EMPTY"), defaults);
  const { membershipCount } = await workspace.getEnvironmentRole("env_OLD", "support");
  assertEquals(membershipCount, 2);
  const client = await workspace.getEnvironmentClient("env_EMPTY");
  assertEquals([client.secrets, client.createTime], [[], TIMES.create_time]);
  await workspace.createOrganizationUser("env_OLD", "org_OLD", {
    email: "new@old.example",
    roles: ["support"],
  });
  await close();
});

/** H232. */
test("the database holds the hash of a client secret, and the secret itself nowhere", async () => {
  const path = join(directory, "secret.db");
  const store = await openStore(`sqlite:${path}`, { now });
  const { items: [environment] } = await store.workspace.listEnvironments({ pageSize: 1 });
  const { plainSecret } = await store.workspace
    .createEnvironmentClientSecret(environment!.id, {});
  const files = () => [path, `${path}-wal`].map((file) => readFileSync(file, "latin1")).join("");
  const hash = createHash("sha256").update(plainSecret).digest("hex");
  assert(files().includes(hash));
  assert(!files().includes(plainSecret));
  await store.close();
  assert(!readFileSync(path, "latin1").includes(plainSecret));
});
