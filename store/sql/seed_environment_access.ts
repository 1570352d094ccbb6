/** What the first environments have: roles, scopes, a client and where their applications may send browsers. */

import type { Transaction } from "kysely";
import type { NewId } from "./ids.ts";
import type { Schema } from "./schema.ts";

const ROLES = [
  {
    name: "admin",
    display_name: "Administrator",
    description: "Manages the organization, its people and its settings",
    default_creator: 1,
    default_member: 0,
  },
  {
    name: "member",
    display_name: "Member",
    description: "Uses the product",
    default_creator: 0,
    default_member: 1,
  },
  {
    name: "billing",
    display_name: "Billing",
    description: "Sees invoices and changes how they are paid",
    default_creator: 0,
    default_member: 0,
  },
] as const;

const SCOPES = [
  { name: "usr:read", description: "Read your name and email address" },
  { name: "invoice:read", description: "Read the invoices of your organization" },
  { name: "invoice:write", description: "Pay and cancel invoices of your organization" },
] as const;

/** Whoever finds a secret with this hash has broken SHA-256: a secret of the seed would be known to everybody. */
const HASH_OF_NO_SECRET = "0".repeat(64);

/** What the two environments differ in. */
interface Access {
  readonly environmentId: string;
  readonly initiateLoginUri: string | null;
  readonly secretSuffix: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
}

/** Gives the two first environments what each environment has. */
export async function seedEnvironmentAccess(
  db: Transaction<Schema>,
  newId: NewId,
  times: { readonly create_time: string; readonly update_time: string },
  { development, production }: { readonly development: string; readonly production: string },
): Promise<void> {
  await add({
    environmentId: development,
    initiateLoginUri: null,
    secretSuffix: "d3Vx",
    redirectUris: ["http://localhost:3000/callback"],
    postLogoutRedirectUris: ["http://localhost:3000/"],
  });
  await add({
    environmentId: production,
    initiateLoginUri: "https://app.gatehouse.example/login",
    secretSuffix: "pR0k",
    redirectUris: ["https://app.gatehouse.example/callback", "com.example.gatehouse:/callback"],
    postLogoutRedirectUris: ["https://app.gatehouse.example/"],
  });

  async function add(access: Access): Promise<void> {
    const environment_id = access.environmentId;
    const { create_time } = times;
    for (const role of ROLES) {
      await db
        .insertInto("environment_roles")
        .values({ id: newId("role"), environment_id, ...role, ...times })
        .execute();
    }
    for (const scope of SCOPES) {
      await db
        .insertInto("environment_scopes")
        .values({ id: newId("scp"), environment_id, ...scope, enabled: 1, ...times })
        .execute();
    }
    const clientId = newId("skc");
    await db
      .insertInto("environment_clients")
      .values({
        id: clientId,
        environment_id,
        initiate_login_uri: access.initiateLoginUri,
        ...times,
      })
      .execute();
    await db
      .insertInto("environment_client_secrets")
      .values({
        id: newId("sks"),
        client_id: clientId,
        secret_hash: HASH_OF_NO_SECRET,
        secret_suffix: access.secretSuffix,
        create_time,
        expire_time: null,
        last_used_time: null,
      })
      .execute();
    const uris = [
      ...access.redirectUris.map((uri) => ({ kind: "REDIRECT" as const, uri })),
      ...access.postLogoutRedirectUris.map((uri) => ({
        kind: "POST_LOGOUT_REDIRECT" as const,
        uri,
      })),
    ];
    for (const uri of uris) {
      await db
        .insertInto("redirect_uris")
        .values({ id: newId("uri"), environment_id, ...uri, create_time })
        .execute();
    }
  }
}
