/** The revocation list in memory: asked on every request, read from the store twice a second, closed when it cannot be. */

import { AppError } from "../errors.ts";
import type {
  NewRevocation,
  Revocation,
  RevocationChanges,
  RevocationStore,
} from "../store/revocation.ts";
import { createRevocationIndex } from "./revocation_index.ts";
import type { Bearer, RevocationReason } from "./revocation_index.ts";

export type { Bearer, RevocationReason } from "./revocation_index.ts";

/** Answers for what is still under way when something was added. */
export type RevocationListener = (
  reasonFor: (bearer: Bearer) => RevocationReason | undefined,
) => void;

export interface RevocationList {
  /**
   * Why a verified token, or what else carries its issuer's word, is over; undefined where it is not.
   *
   * @throws {AppError} `unavailable` with reason `revocations_unreadable` while the list is too old to tell.
   */
  check(bearer: Bearer): RevocationReason | undefined;
  /** Reads the list once more where it is too old, before somebody is turned away for it. */
  settle(): Promise<void>;
  /** In force here when it resolves. Throws as the store does. */
  add(revocation: NewRevocation): Promise<Revocation>;
  /** Restored here when it resolves. Throws as the store does. */
  remove(id: string): Promise<Revocation>;
  /** Newest first. */
  list(): readonly Revocation[];
  /** Calls the listener after something was added; returns what ends that. */
  onChange(listener: RevocationListener): () => void;
  /** How old the last full knowledge of the list is. */
  readonly lagSeconds: number;
  /** Whether requests can be answered. */
  readonly healthy: boolean;
  /** How many end something. */
  readonly inForce: number;
  /** How many are held in memory, those that have expired within a day included. */
  readonly size: number;
  /** Stops reading, and tells the other instances. */
  close(): Promise<void>;
}

export interface RevocationOptions {
  readonly store: RevocationStore;
  /** The name of this instance, unlike any other's. */
  readonly instance: string;
  readonly now: () => Date;
  /** Milliseconds that only grow; ages are counted with them, so that a clock that is set has no say. */
  readonly monotonic?: () => number;
  readonly pollMs?: number;
  readonly staleAfterMs?: number;
  /** Told when reading begins to fail. */
  readonly onUnreadable?: (error: unknown) => void;
}

const SWEEP_MS = 60_000;
/** Others wait for instances that were heard of in the last ten seconds. */
const HEARTBEAT_MS = 2_000;

/** Reads the list and goes on reading it. Throws as the store does: without the list there is no start. */
export async function startRevocations(options: RevocationOptions): Promise<RevocationList> {
  const { store, instance, pollMs = 500, staleAfterMs = 5_000 } = options;
  const { monotonic = () => performance.now() } = options;
  const index = createRevocationIndex();
  const listeners = new Set<RevocationListener>();
  /** Added here, and not yet told by the store. */
  const own = new Set<string>();
  let revision = 0;
  let readAt = -Infinity;
  let sweptAt = monotonic();
  let acknowledged = { revision: -1, at: -Infinity };
  let reading: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failing = false;
  let closed = false;

  const now = () => options.now().getTime();
  const isFresh = () => monotonic() - readAt <= staleAfterMs;
  const reasonFor = (bearer: Bearer) => index.reasonFor(bearer, now());

  /** Returns those that were not known. */
  function put(revocations: readonly Revocation[]): readonly Revocation[] {
    const added = revocations.filter((revocation) => index.put(revocation));
    if (added.length > 0) listeners.forEach((listener) => listener(reasonFor));
    return added;
  }

  function apply(changes: RevocationChanges, whole: boolean): void {
    const known = new Set(changes.added.map(({ id }) => id));
    const gone = whole
      ? [...index.ids()].filter((id) => !known.has(id) && !own.has(id))
      : changes.removed;
    for (const id of gone) index.delete(id);
    for (const id of [...known, ...changes.removed]) own.delete(id);
    put(changes.added);
    revision = changes.revision;
  }

  async function read(): Promise<void> {
    const startedAt = monotonic();
    // The store tells removals for some minutes only, and may be another one, restored from a copy.
    let whole = !isFresh();
    let changes = await store.changesSince(whole ? 0 : revision);
    if (changes.revision < revision) {
      whole = true;
      changes = await store.changesSince(0);
    }
    apply(changes, whole);
    readAt = startedAt;
    failing = false;
    if (monotonic() - sweptAt >= SWEEP_MS) {
      sweptAt = monotonic();
      index.sweep(now());
    }
    // The list is known all the same; whoever waits for the word waits for the next one.
    await acknowledge().catch(() => {});
  }

  async function acknowledge(): Promise<void> {
    const at = monotonic();
    if (acknowledged.revision === revision && at - acknowledged.at < HEARTBEAT_MS) return;
    await store.acknowledge(instance, revision);
    acknowledged = { revision, at };
  }

  function refresh(): Promise<void> {
    reading ??= read()
      .catch((error) => {
        if (!failing) options.onUnreadable?.(error);
        failing = true;
        throw error;
      })
      .finally(() => (reading = undefined));
    return reading;
  }

  /** Waits for a reading that begins after this call. */
  async function refreshAnew(): Promise<void> {
    await reading?.catch(() => {});
    // The change itself was written; where it cannot be read back, the next reading will.
    await refresh().catch(() => {});
  }

  function poll(): void {
    timer = setTimeout(async () => {
      await refresh().catch(() => {});
      if (!closed) poll();
    }, pollMs);
    timer.unref?.();
  }

  await refresh();
  poll();

  return {
    check(bearer) {
      if (isFresh()) return reasonFor(bearer);
      throw new AppError(
        "unavailable",
        "It cannot be told now whether the token was revoked; try again later",
        { reason: "revocations_unreadable", retryAfterSeconds: 5 },
      );
    },
    async settle() {
      if (!isFresh()) await refresh().catch(() => {});
    },
    async add(wanted) {
      const revocation = await store.add(wanted);
      for (const { id } of put([revocation])) own.add(id);
      await refreshAnew();
      return revocation;
    },
    async remove(id) {
      const revocation = await store.remove(id);
      index.delete(id);
      await refreshAnew();
      return revocation;
    },
    list: () => index.list(now()),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get lagSeconds() {
      return (monotonic() - readAt) / 1000;
    },
    get healthy() {
      return isFresh();
    },
    get inForce() {
      return index.inForce(now());
    },
    get size() {
      return index.size;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await reading?.catch(() => {});
      await store.leave(instance).catch(() => {});
    },
  };
}

/** A list that never changes, for those who ask once. */
export function fixedRevocations(
  revocations: readonly Revocation[],
  now: () => Date,
): Pick<RevocationList, "check" | "settle"> {
  const index = createRevocationIndex();
  for (const revocation of revocations) index.put(revocation);
  return {
    check: (bearer) => index.reasonFor(bearer, now().getTime()),
    settle: () => Promise.resolve(),
  };
}
