/** The revocations in a table, with one counter that every change advances, so that a reader can ask for what is new. */

import type { ExpressionBuilder, Transaction } from "kysely";
import { AppError } from "../../errors.ts";
import { CLOCK_MARGIN_MS, targetValue } from "../revocation.ts";
import type {
  NewRevocation,
  Revocation,
  RevocationStore,
  RevocationTarget,
} from "../revocation.ts";
import type { Database, RevocationRow, Schema, SqlContext } from "./schema.ts";
import { transact } from "./transaction.ts";
import { assertStorable } from "./text.ts";

const MAX_KEPT = 100_000;
/**
 * How much of the room each may fill: whoever holds tokens can revoke them (RFC 7009), and must take it neither from the
 * authorization server, which ends what was stolen, nor from an operator.
 */
const SHARE_OF_ACTORS: ReadonlyMap<string, number> = new Map([
  ["client", 0.7],
  ["authorization-server", 0.8],
]);
const SHARE_OF_TOKENS = 0.9;
const SWEEP_INTERVAL_MS = 60_000;
const TOMBSTONE_MS = 600_000;
const INSTANCE_MS = 86_400_000;

export function createRevocationStore(
  { db, newId, now }: SqlContext,
  { maxKept = MAX_KEPT }: { maxKept?: number } = {},
): RevocationStore {
  let sweptAt = -Infinity;

  /**
   * Runs one change at a time across all processes, with the revision that it gets if it changes anything.
   *
   * The row is locked before anything is read, so revisions are committed in their order, and who has read one has read
   * all before it.
   */
  function exclusively<T>(
    change: (trx: Transaction<Schema>, revision: number) => Promise<T>,
  ): Promise<T> {
    return transact(db, async (trx) => {
      const { revision } = await trx
        .updateTable("revocation_state")
        .set(({ ref }) => ({ revision: ref("revision") }))
        .returning("revision")
        .executeTakeFirstOrThrow();
      return await change(trx, Number(revision) + 1);
    });
  }

  async function advance(trx: Transaction<Schema>, revision: number): Promise<void> {
    await trx.updateTable("revocation_state").set({ revision }).execute();
  }

  async function standing(
    trx: Transaction<Schema>,
    wanted: NewRevocation,
  ): Promise<Revocation | undefined> {
    const { kind, issuer } = wanted.target;
    const rows = await trx
      .selectFrom("revocations")
      .selectAll()
      .where("kind", "=", kind)
      .where("issuer", "=", issuer)
      .where("value", "=", targetValue(wanted.target))
      .where(isKept)
      .execute();
    return rows.map(toRevocation).find((found) => covers(found, wanted));
  }

  async function requireRoom(
    trx: Transaction<Schema>,
    { target, actor }: NewRevocation,
  ): Promise<void> {
    const { count } = await trx
      .selectFrom("revocations")
      .where(isKept)
      .select(({ fn }) => fn.countAll().as("count"))
      .executeTakeFirstOrThrow();
    const share = SHARE_OF_ACTORS.get(actor) ?? (target.kind === "token" ? SHARE_OF_TOKENS : 1);
    if (Number(count) < Math.floor(maxKept * share)) return;
    throw new AppError(
      "unavailable",
      `There is no room for another revocation: ${count} are kept. Restore some, or revoke what many of them ` +
        "have in common: a client, a subject, or everything an issuer issued until now",
      { reason: "revocations_full", retryAfterSeconds: 60 },
    );
  }

  async function sweep(): Promise<void> {
    const time = now().getTime();
    if (time - sweptAt < SWEEP_INTERVAL_MS) return;
    sweptAt = time;
    await db
      .deleteFrom("revocations")
      .where(({ eb, or }) =>
        or([
          eb("expires_at", "<=", time - CLOCK_MARGIN_MS),
          eb("removed_at", "<=", time - TOMBSTONE_MS),
        ])
      )
      .execute();
    await db.deleteFrom("instances").where("seen_at", "<=", time - INSTANCE_MS).execute();
  }

  return {
    async add(wanted) {
      const { target, reason, actor, issuedUntil, expiresAt } = wanted;
      assertStorable({ value: targetValue(target), issuer: target.issuer, reason, actor });
      await sweep();
      return await exclusively(async (trx, revision) => {
        const found = await standing(trx, wanted);
        if (found) return found;
        await requireRoom(trx, wanted);
        const row: RevocationRow = {
          id: newId("rev"),
          kind: target.kind,
          issuer: target.issuer,
          value: targetValue(target),
          reason,
          actor,
          issued_until: issuedUntil ?? null,
          expires_at: expiresAt ?? null,
          create_time: now().toISOString(),
          revision,
          removed_at: null,
        };
        await trx.insertInto("revocations").values(row).execute();
        await advance(trx, revision);
        return toRevocation(row);
      });
    },

    remove: (id) =>
      exclusively(async (trx, revision) => {
        const row = await trx
          .updateTable("revocations")
          .set({ removed_at: now().getTime(), revision })
          .where("id", "=", id)
          .where(isKept)
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) throw notFound(id);
        await advance(trx, revision);
        return toRevocation(row);
      }),

    async find(id) {
      const row = await db
        .selectFrom("revocations")
        .selectAll()
        .where("id", "=", id)
        .where(isKept)
        .executeTakeFirst();
      if (row === undefined) throw notFound(id);
      return toRevocation(row);
    },

    async list() {
      const rows = await db
        .selectFrom("revocations")
        .selectAll()
        .where(isKept)
        .orderBy("id", "desc")
        .execute();
      return rows.map(toRevocation);
    },

    async changesSince(revision) {
      // The counter first: a change in between is told now and once more, never not at all.
      const current = await currentRevision(db);
      if (current <= revision) return { revision: current, added: [], removed: [] };
      const rows = await db
        .selectFrom("revocations")
        .selectAll()
        .where("revision", ">", revision)
        .execute();
      return {
        revision: current,
        added: rows.filter(({ removed_at }) => removed_at === null).map(toRevocation),
        removed: rows.filter(({ removed_at }) => removed_at !== null).map(({ id }) => id),
      };
    },

    async acknowledge(instance, revision) {
      await sweep();
      const row = { instance, revision, seen_at: now().getTime() };
      await db
        .insertInto("instances")
        .values(row)
        .onConflict((conflict) => conflict.column("instance").doUpdateSet(row))
        .execute();
    },

    async leave(instance) {
      await db.deleteFrom("instances").where("instance", "=", instance).execute();
    },

    async instances(withinMs) {
      const rows = await db
        .selectFrom("instances")
        .select(["instance", "revision"])
        .where("seen_at", ">=", now().getTime() - withinMs)
        .orderBy("instance")
        .execute();
      return rows.map(({ instance, revision }) => ({ instance, revision: Number(revision) }));
    },
  };
}

/** Whatever the time is: whether it has expired is for the reader to say, by the clock that judges the tokens too. */
function isKept({ eb }: ExpressionBuilder<Schema, "revocations">) {
  return eb("removed_at", "is", null);
}

function notFound(id: string): AppError {
  return new AppError(
    "not_found",
    "There is no revocation with this id in force; list them to find it",
    { reason: "revocation", details: { id } },
  );
}

async function currentRevision(db: Database): Promise<number> {
  const { revision } = await db
    .selectFrom("revocation_state")
    .select("revision")
    .executeTakeFirstOrThrow();
  return Number(revision);
}

/** Whether everything that the other one ends is ended by this one, and for as long. */
function covers(standing: Revocation, wanted: NewRevocation): boolean {
  const { issuedUntil: until = Infinity, expiresAt: end = Infinity } = standing;
  return until >= (wanted.issuedUntil ?? Infinity) && end >= (wanted.expiresAt ?? Infinity);
}

function targetOf({ kind, issuer, value }: RevocationRow): RevocationTarget {
  switch (kind) {
    case "token":
      return { kind, issuer, tokenId: value };
    case "client":
      return { kind, issuer, clientId: value };
    case "subject":
      return { kind, issuer, subject: value };
    case "issuer":
      return { kind, issuer };
  }
}

function toRevocation(row: RevocationRow): Revocation {
  return {
    id: row.id,
    target: targetOf(row),
    reason: row.reason,
    actor: row.actor,
    ...(row.issued_until !== null && { issuedUntil: Number(row.issued_until) }),
    ...(row.expires_at !== null && { expiresAt: Number(row.expires_at) }),
    createTime: row.create_time,
  };
}
