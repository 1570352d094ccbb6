/** The clients that operators manage; read from the table at each call, as the command line changes it meanwhile. */

import { AppError } from "../../errors.ts";
import { noSuchClient } from "../authorization.ts";
import type { ClientStore, RegisteredClient } from "../authorization.ts";
import type { ClientRow, SqlContext } from "./schema.ts";
import { assertStorable, isStorable } from "./text.ts";

export function createClientStore({ db }: SqlContext): ClientStore {
  return {
    async add({ clientId, name, scopes, secretHash, jwks, createTime }) {
      assertStorable({ clientId, name });
      const added = await db
        .insertInto("clients")
        .values({
          client_id: clientId,
          name,
          scopes: JSON.stringify(scopes),
          secret_hash: secretHash ?? null,
          jwks: jwks ? JSON.stringify(jwks) : null,
          create_time: createTime,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning("client_id")
        .executeTakeFirst();
      if (added) return;
      throw new AppError("conflict", "A client with this name or id exists; choose another name", {
        reason: "client_taken",
        details: { clientId, name },
      });
    },

    async find(clientId) {
      if (!isStorable(clientId)) return undefined;
      const row = await db
        .selectFrom("clients")
        .selectAll()
        .where("client_id", "=", clientId)
        .executeTakeFirst();
      return row && toClient(row);
    },

    async list() {
      const rows = await db
        .selectFrom("clients")
        .selectAll()
        .orderBy("create_time")
        .orderBy("client_id")
        .execute();
      return rows.map(toClient);
    },

    async remove(clientIdOrName) {
      // The id first and alone: one client may be named like the id of another.
      const row = isStorable(clientIdOrName)
        ? await removeWhere("client_id", clientIdOrName) ??
          await removeWhere("name", clientIdOrName)
        : undefined;
      if (row) return toClient(row);
      throw noSuchClient();
    },
  };

  function removeWhere(
    column: "client_id" | "name",
    value: string,
  ): Promise<ClientRow | undefined> {
    return db.deleteFrom("clients").where(column, "=", value).returningAll().executeTakeFirst();
  }
}

function toClient(row: ClientRow): RegisteredClient {
  return {
    clientId: row.client_id,
    name: row.name,
    scopes: JSON.parse(row.scopes),
    ...(row.secret_hash !== null && { secretHash: row.secret_hash }),
    ...(row.jwks !== null && { jwks: JSON.parse(row.jwks) }),
    createTime: row.create_time,
  };
}
