/** What the tables hold of links: never their secret, and nothing once they have expired. */

import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { adminPortalLinks } from "../../store/sql/admin_portal_links.ts";
import { connectedAccounts } from "../../store/sql/connected_accounts.ts";
import { createIds } from "../../store/sql/ids.ts";
import { migrate } from "../../store/sql/migrations.ts";
import { seedWorkspace } from "../../store/sql/seed.ts";
import { MEMORY, openSqlite } from "../../store/sql/sqlite.ts";

async function openScene() {
  let time = Date.parse("2026-09-01T12:00:00.000Z");
  const now = () => new Date(time);
  const db = openSqlite(MEMORY);
  await migrate(db, { now, seed: seedWorkspace });
  const context = { db, now, newId: createIds(now) };
  const { id: organizationId, environment_id: environmentId } = await db
    .selectFrom("organizations")
    .selectAll()
    .where("external_id", "=", "kestrel")
    .executeTakeFirstOrThrow();
  const portal = adminPortalLinks(context);
  const accounts = connectedAccounts(context);
  return {
    db,
    portal: () =>
      portal.createAdminPortalLink(environmentId, organizationId, {
        features: ["sso"],
        lifetimeSeconds: 300,
      }),
    magic: (identifier: string) =>
      accounts.createConnectedAccountMagicLink(environmentId, {
        identifier,
        connector: "github",
        lifetimeSeconds: 300,
      }),
    later: (seconds: number) => void (time += seconds * 1000),
    rows: async () => ({
      portal: await db.selectFrom("portal_links").selectAll().execute(),
      magic: await db.selectFrom("magic_links").selectAll().execute(),
    }),
  };
}

test("the secret of a link is in no table", async () => {
  const { db, portal, magic, rows } = await openScene();
  for (const { location } of [await portal(), await magic("ada")]) {
    assertStringIncludes(location, "https://login.gatehouse.example/");
    const secret = location.split("/").at(-1)!;
    assertEquals(secret.length, 43);
    assertEquals(JSON.stringify(await rows()).includes(secret), false);
  }
  await db.destroy();
});

test("a new magic link takes the place of the one before", async () => {
  const { db, magic, rows } = await openScene();
  await magic("ada");
  const before = (await rows()).magic;
  await magic("ada");
  const after = (await rows()).magic;
  assertEquals([before.length, after.length], [1, 1]);
  assertEquals(before[0]!.secret_hash === after[0]!.secret_hash, false);
  await db.destroy();
});

test("expired links are swept, and those in force are not", async () => {
  const { db, portal, magic, rows, later } = await openScene();
  await portal();
  await magic("ada");
  later(299);
  await portal();
  await magic("grace");
  assertEquals([(await rows()).portal.length, (await rows()).magic.length], [2, 2]);
  later(61);
  const [latest] = [await portal(), await magic("edsger")];
  const { portal: links, magic: magics } = await rows();
  assertEquals([links.length, magics.length], [2, 2]);
  assertEquals(links.at(-1)!.id, latest.id);
  // The account of a link that nobody used stays: it is the person's, and not the link's.
  const { total } = await db
    .selectFrom("connected_accounts")
    .select(({ fn }) => fn.countAll().as("total"))
    .where("status", "=", "PENDING_AUTH")
    .where("identifier", "in", ["ada", "grace", "edsger"])
    .executeTakeFirstOrThrow();
  assertEquals(Number(total), 3);
  await db.destroy();
});

test("connections and links of an organization go with it, and no others", async () => {
  const { db, portal, rows } = await openScene();
  await portal();
  const { id } = await db
    .selectFrom("organizations")
    .select("id")
    .where("external_id", "=", "kestrel")
    .executeTakeFirstOrThrow();
  const keys = async () => {
    const found = await db.selectFrom("connections").select("key_id").orderBy("id").execute();
    return found.map(({ key_id }) => key_id);
  };
  const before = await keys();
  await db.deleteFrom("memberships").where("organization_id", "=", id).execute();
  await db.deleteFrom("organizations").where("id", "=", id).execute();
  assertEquals(await keys(), before.filter((key) => key !== "kestrel-okta"));
  assertEquals((await rows()).portal, []);
  const claims = await db.selectFrom("connection_domains").select("domain").execute();
  assertEquals(claims.map(({ domain }) => domain).sort(), ["halden.example", "kestrel.example"]);
  await db.destroy();
});
