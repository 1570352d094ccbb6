/** The first workspace of a new store, the same everywhere, so that documentation and first calls have something to show. */

import type { Transaction } from "kysely";
import { createIds } from "./ids.ts";
import type { Schema } from "./schema.ts";
import { seedConnections } from "./seed_connections.ts";
import { seedMcpServers } from "./seed_mcp_servers.ts";
import { seedEnvironmentAccess } from "./seed_environment_access.ts";
import { emailKey, searchKey } from "./text.ts";

const SEED_TIME = new Date("2025-01-06T09:00:00.000Z");
const TIMES = { create_time: SEED_TIME.toISOString(), update_time: SEED_TIME.toISOString() };

interface SeedUser {
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly roles: readonly string[];
}

interface SeedOrganization {
  readonly displayName: string;
  readonly externalId: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly features: readonly ("sso" | "dir_sync")[];
  readonly users: readonly SeedUser[];
}

const MEMBERS = [
  { email: "ada@gatehouse.example", role: "ADMIN" },
  { email: "grace@gatehouse.example", role: "USER" },
] as const;

const DEVELOPMENT: readonly SeedOrganization[] = [
  {
    displayName: "Kestrel Robotics",
    externalId: "kestrel-dev",
    metadata: { plan: "trial" },
    features: ["sso"],
    users: [
      person("Mira", "Okafor", "kestrel.example", "admin"),
      person("Jonas", "Lindqvist", "kestrel.example", "member"),
    ],
  },
  {
    displayName: "Juniper Health",
    externalId: "juniper-dev",
    metadata: { plan: "trial", industry: "health" },
    features: [],
    users: [person("Priya", "Raman", "juniper.example", "admin")],
  },
];

const PRODUCTION: readonly SeedOrganization[] = [
  {
    displayName: "Kestrel Robotics",
    externalId: "kestrel",
    metadata: { plan: "enterprise", industry: "manufacturing" },
    features: ["sso", "dir_sync"],
    users: [
      person("Mira", "Okafor", "kestrel.example", "admin"),
      person("Jonas", "Lindqvist", "kestrel.example", "member"),
      person("Chen", "Wei", "kestrel.example", "member", "billing"),
    ],
  },
  {
    displayName: "Halden Shipping",
    externalId: "halden",
    metadata: { plan: "business", region: "nordics" },
    features: ["sso"],
    users: [
      person("Ingrid", "Solberg", "halden.example", "admin"),
      person("Tomás", "Ferreira", "halden.example", "member"),
    ],
  },
  {
    displayName: "Bäckerei Sommer",
    externalId: "sommer",
    metadata: { plan: "free" },
    features: [],
    users: [person("Lena", "Sommer", "sommer.example", "admin")],
  },
];

/** `ä` becomes `a` in the email. */
function person(
  givenName: string,
  familyName: string,
  domain: string,
  ...roles: string[]
): SeedUser {
  const local = givenName.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return { email: `${local}@${domain}`, givenName, familyName, roles };
}

/** Writes the first workspace. */
export async function seedWorkspace(db: Transaction<Schema>): Promise<void> {
  const newId = createIds(() => SEED_TIME, () => 0n);

  for (const member of MEMBERS) {
    await db
      .insertInto("workspace_members")
      .values({
        id: newId("mem"),
        email_key: emailKey(member.email),
        status: "ACTIVE",
        ...member,
        ...TIMES,
      })
      .execute();
  }

  const development = newId("env");
  const production = newId("env");
  await db
    .insertInto("environments")
    .values([
      {
        id: development,
        display_name: "Development",
        type: "DEV",
        region_code: "EU",
        domain: "gatehouse-dev.example",
        custom_domain: null,
        custom_domain_status: null,
        ...TIMES,
      },
      {
        id: production,
        display_name: "Production",
        type: "PRD",
        region_code: "EU",
        domain: "gatehouse.example",
        custom_domain: "login.gatehouse.example",
        custom_domain_status: "ACTIVE",
        ...TIMES,
      },
    ])
    .execute();
  for (const organization of DEVELOPMENT) await addOrganization(development, organization);
  for (const organization of PRODUCTION) await addOrganization(production, organization);
  await seedConnections(db, SEED_TIME);
  await seedMcpServers(db, newId, { development, production }, TIMES);
  await seedEnvironmentAccess(db, newId, TIMES, { development, production });

  async function addOrganization(
    environmentId: string,
    { displayName, externalId, metadata, features, users }: SeedOrganization,
  ): Promise<void> {
    const organizationId = newId("org");
    await db
      .insertInto("organizations")
      .values({
        id: organizationId,
        environment_id: environmentId,
        display_name: displayName,
        external_id: externalId,
        search_key: searchKey(displayName, externalId, organizationId),
        metadata: JSON.stringify(metadata),
        sso_enabled: features.includes("sso") ? 1 : 0,
        dir_sync_enabled: features.includes("dir_sync") ? 1 : 0,
        ...TIMES,
      })
      .execute();
    for (const { email, givenName, familyName, roles } of users) {
      const userId = newId("usr");
      await db
        .insertInto("users")
        .values({
          id: userId,
          environment_id: environmentId,
          email,
          email_key: emailKey(email),
          external_id: null,
          given_name: givenName,
          family_name: familyName,
          ...TIMES,
        })
        .execute();
      await db
        .insertInto("memberships")
        .values({
          id: newId("msh"),
          organization_id: organizationId,
          user_id: userId,
          roles: JSON.stringify(roles),
          status: "ACTIVE",
          ...TIMES,
        })
        .execute();
    }
  }
}
