/** The protocol state of the embedded authorization server: keyed records that expire. */

import type { ExpressionBuilder } from "kysely";
import type { AuthorizationStateStore } from "../authorization.ts";
import type { AuthorizationStateRow, Schema, SqlContext } from "./schema.ts";
import { isStorable } from "./text.ts";

const SWEEP_INTERVAL_MS = 60_000;
/** Keeps a sweep to some milliseconds, yet ahead of eighty expiring records a second. */
const SWEEP_ROWS = 5_000;

export function createAuthorizationState({ db, now }: SqlContext): AuthorizationStateStore {
  let sweptAt = -Infinity;

  return {
    async put(model, id, { payload, expiresAt, grantId, userCode, uid }) {
      await sweep();
      await db
        .insertInto("authorization_state")
        .values({
          model,
          id,
          payload: JSON.stringify(payload),
          expires_at: expiresAt ?? null,
          consumed_at: null,
          grant_id: grantId ?? null,
          user_code: userCode ?? null,
          uid: uid ?? null,
        })
        .onConflict((conflict) =>
          // `consumed_at` stays: writing a used record again must not make it usable.
          conflict.columns(["model", "id"]).doUpdateSet(({ ref }) => ({
            payload: ref("excluded.payload"),
            expires_at: ref("excluded.expires_at"),
            grant_id: ref("excluded.grant_id"),
            user_code: ref("excluded.user_code"),
            uid: ref("excluded.uid"),
          }))
        )
        .execute();
    },

    find: (model, id) => findBy(model, "id", id),
    findByUid: (model, uid) => findBy(model, "uid", uid),
    findByUserCode: (model, userCode) => findBy(model, "user_code", userCode),

    async findByGrant(model, grantId) {
      const rows = await db
        .selectFrom("authorization_state")
        .select(["payload", "consumed_at"])
        .where("model", "=", model)
        .where("grant_id", "=", grantId)
        .where(notExpired)
        .execute();
      return rows.map(toPayload);
    },

    async consume(model, id) {
      if (!isStorable(id)) return false;
      // One statement, so that the database decides who was first.
      const { numUpdatedRows } = await db
        .updateTable("authorization_state")
        .set({ consumed_at: Math.floor(now().getTime() / 1000) })
        .where("model", "=", model)
        .where("id", "=", id)
        .where("consumed_at", "is", null)
        .where(notExpired)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },

    async remove(model, id) {
      await db
        .deleteFrom("authorization_state")
        .where("model", "=", model)
        .where("id", "=", id)
        .execute();
    },

    async removeByGrant(model, grantId) {
      await db
        .deleteFrom("authorization_state")
        .where("model", "=", model)
        .where("grant_id", "=", grantId)
        .execute();
    },

    async count(model) {
      const { count } = await db
        .selectFrom("authorization_state")
        .where("model", "=", model)
        .where(notExpired)
        .select(({ fn }) => fn.countAll().as("count"))
        .executeTakeFirstOrThrow();
      return Number(count);
    },
  };

  function notExpired({ eb, or }: ExpressionBuilder<Schema, "authorization_state">) {
    return or([eb("expires_at", "is", null), eb("expires_at", ">", now().getTime())]);
  }

  async function findBy(
    model: string,
    column: "id" | "uid" | "user_code",
    value: string,
  ): Promise<Record<string, unknown> | undefined> {
    if (!isStorable(value)) return undefined;
    const row = await db
      .selectFrom("authorization_state")
      .select(["payload", "consumed_at"])
      .where("model", "=", model)
      .where(notExpired)
      .where(column, "=", value)
      .executeTakeFirst();
    return row && toPayload(row);
  }

  async function sweep(): Promise<void> {
    const time = now().getTime();
    if (time - sweptAt < SWEEP_INTERVAL_MS) return;
    sweptAt = time;
    await db
      .deleteFrom("authorization_state")
      .where(({ eb, refTuple, selectFrom }) =>
        eb(
          refTuple("model", "id"),
          "in",
          selectFrom("authorization_state")
            .select(["model", "id"])
            .where("expires_at", "<=", time)
            .limit(SWEEP_ROWS)
            .$asTuple("model", "id"),
        )
      )
      .execute();
  }
}

function toPayload(
  row: Pick<AuthorizationStateRow, "payload" | "consumed_at">,
): Record<string, unknown> {
  const payload = JSON.parse(row.payload);
  return row.consumed_at === null ? payload : { ...payload, consumed: Number(row.consumed_at) };
}
