/** The client of an environment and its secrets, of which only a hash and the last characters are kept. */

import { createHash, randomBytes } from "node:crypto";
import { AppError } from "../../errors.ts";
import type {
  ClientSecret,
  EnvironmentClient,
  EnvironmentClientWorkspace,
} from "../workspace/environment_client.ts";
import { changeEnvironment, tooMany } from "./environment_change.ts";
import { findEnvironment } from "./environments.ts";
import type { Database, SqlContext } from "./schema.ts";
import { assertStorable, isStorable } from "./text.ts";

export interface EnvironmentClientRow {
  /** The client id. */
  id: string;
  environment_id: string;
  initiate_login_uri: string | null;
  create_time: string;
  update_time: string;
}

export interface ClientSecretRow {
  id: string;
  client_id: string;
  /** SHA-256 in hexadecimal; 256 random bits need no salt. */
  secret_hash: string;
  secret_suffix: string;
  create_time: string;
  expire_time: string | null;
  last_used_time: string | null;
}

const MOST_SECRETS = 10;
const SECRET_BYTES = 32;
const SUFFIX_LENGTH = 4;

export function environmentClient({ db, newId, now }: SqlContext): Pick<
  EnvironmentClientWorkspace,
  | "getEnvironmentClient"
  | "createEnvironmentClientSecret"
  | "deleteEnvironmentClientSecret"
  | "setInitiateLoginUri"
> {
  return {
    async getEnvironmentClient(environmentId) {
      return withSecrets(await findClient(db, environmentId));
    },

    createEnvironmentClientSecret(environmentId, { expireTime }) {
      return changeEnvironment(db, environmentId, async (trx) => {
        const client = await findClient(trx, environmentId);
        const secrets = await secretsOf(trx, client.id);
        if (secrets.length >= MOST_SECRETS) throw tooMany("client secrets", MOST_SECRETS);
        const plainSecret = randomBytes(SECRET_BYTES).toString("base64url");
        const row = await trx
          .insertInto("environment_client_secrets")
          .values({
            id: newId("sks"),
            client_id: client.id,
            secret_hash: createHash("sha256").update(plainSecret).digest("hex"),
            secret_suffix: plainSecret.slice(-SUFFIX_LENGTH),
            create_time: now().toISOString(),
            expire_time: expireTime ?? null,
            last_used_time: null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        return { ...toSecret(row), clientId: client.id, plainSecret };
      });
    },

    async deleteEnvironmentClientSecret(environmentId, secretId) {
      const client = await findClient(db, environmentId);
      const row = isStorable(secretId)
        ? await db
          .deleteFrom("environment_client_secrets")
          .where("id", "=", secretId)
          .where("client_id", "=", client.id)
          .returningAll()
          .executeTakeFirst()
        : undefined;
      if (row) return toSecret(row);
      throw new AppError(
        "not_found",
        "The client of the environment has no secret of this id; read its credentials to find the id",
        { reason: "client_secret", details: { environmentId, secretId } },
      );
    },

    async setInitiateLoginUri(environmentId, uri) {
      assertStorable({ uri });
      const client = await findClient(db, environmentId);
      const row = await db
        .updateTable("environment_clients")
        .set({ initiate_login_uri: uri ?? null, update_time: now().toISOString() })
        .where("id", "=", client.id)
        .returningAll()
        .executeTakeFirstOrThrow();
      return withSecrets(row);
    },
  };

  async function withSecrets(row: EnvironmentClientRow): Promise<EnvironmentClient> {
    const secrets = await secretsOf(db, row.id);
    return {
      clientId: row.id,
      environmentId: row.environment_id,
      ...(row.initiate_login_uri !== null && { initiateLoginUri: row.initiate_login_uri }),
      secrets: secrets.map(toSecret),
      createTime: row.create_time,
      updateTime: row.update_time,
    };
  }

  function toSecret(row: Omit<ClientSecretRow, "secret_hash">): ClientSecret {
    const expired = row.expire_time !== null && row.expire_time <= now().toISOString();
    return {
      id: row.id,
      secretSuffix: row.secret_suffix,
      status: expired ? "INACTIVE" : "ACTIVE",
      createTime: row.create_time,
      ...(row.expire_time !== null && { expireTime: row.expire_time }),
      ...(row.last_used_time !== null && { lastUsedTime: row.last_used_time }),
    };
  }
}

/** Reads the client of the environment, or throws `not_found`. */
async function findClient(db: Database, environmentId: string): Promise<EnvironmentClientRow> {
  await findEnvironment(db, environmentId);
  const row = await db
    .selectFrom("environment_clients")
    .selectAll()
    .where("environment_id", "=", environmentId)
    .executeTakeFirst();
  if (row) return row;
  throw new AppError("not_found", "The environment has no client", {
    reason: "environment_client",
    details: { environmentId },
  });
}

function secretsOf(
  db: Database,
  clientId: string,
): Promise<Omit<ClientSecretRow, "secret_hash">[]> {
  return db
    .selectFrom("environment_client_secrets")
    .select(["id", "client_id", "secret_suffix", "create_time", "expire_time", "last_used_time"])
    .where("client_id", "=", clientId)
    .orderBy("id")
    .execute();
}
